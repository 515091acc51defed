using EtcdBackupAgent.Commands;

return await AgentCommandLine.RunAsync(args);
