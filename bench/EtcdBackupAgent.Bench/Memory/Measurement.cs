using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Memory;

/// <summary>The measurement of a backup to a target.</summary>
internal sealed record Measurement(BackupTarget Target, long DatabaseBytes, MeasuredRun Run);
