namespace EtcdBackupAgent.Snapshots;

/// <summary>
/// The bytes are not a valid etcd database. The message contains the page or the record, and the fault.
/// </summary>
public sealed class SnapshotDamagedException(string message, Exception? innerException = null)
    : Exception(message, innerException);
