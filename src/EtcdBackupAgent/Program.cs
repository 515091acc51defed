using EtcdBackupAgent.Commands;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Hardening;

CoreDumps.Disable();
BufferPool.KeepWindows();
return await AgentCommandLine.RunAsync(args);
