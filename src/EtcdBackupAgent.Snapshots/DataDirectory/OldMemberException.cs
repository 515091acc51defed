namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// A member that is to be restored would have the id of a member that the snapshot's own cluster has or had.
/// </summary>
public sealed class OldMemberException(string message) : Exception(message);
