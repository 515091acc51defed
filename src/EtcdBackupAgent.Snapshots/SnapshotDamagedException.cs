namespace EtcdBackupAgent.Snapshots;

/// <summary>The bytes are not those of a sound etcd database. The message names the page or the record, and what is wrong.</summary>
public sealed class SnapshotDamagedException(string message, Exception? innerException = null)
    : Exception(message, innerException);
