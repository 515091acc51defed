using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Memory;

/// <summary>A backup of a database of some size to a target, measured.</summary>
internal sealed record Measurement(BackupTarget Target, long DatabaseBytes, MeasuredRun Run);
