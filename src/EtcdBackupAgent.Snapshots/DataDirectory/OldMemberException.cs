namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>A restored member would have the id of a current or removed member of the snapshot's own cluster.</summary>
public sealed class OldMemberException(string message) : Exception(message);
