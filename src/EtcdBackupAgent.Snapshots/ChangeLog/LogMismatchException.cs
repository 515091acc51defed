namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>
/// A base and a change log, or two segments of a log, do not belong together: they have different histories.
/// </summary>
public sealed class LogMismatchException(string message) : Exception(message);
