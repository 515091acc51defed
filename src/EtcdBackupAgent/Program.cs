using EtcdBackupAgent.Commands;
using EtcdBackupAgent.Hardening;

CoreDumps.Disable();
return await AgentCommandLine.RunAsync(args);
