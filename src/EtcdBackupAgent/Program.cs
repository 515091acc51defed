using EtcdBackupAgent.Commands;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Runtime;

CoreDumps.Disable();

// For the requests of packages: OTLP, and AWS's credentials.
HttpClient.DefaultProxy = Wiring.Proxies;
BufferPool.FitSnapshotWindow();
return await AgentCommandLine.RunAsync(args, TimeProvider.System);
