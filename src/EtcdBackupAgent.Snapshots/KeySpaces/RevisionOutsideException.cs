namespace EtcdBackupAgent.Snapshots.KeySpaces;

/// <summary>A database does not have a revision.</summary>
/// <param name="revision">The revision.</param>
/// <param name="first">The first revision that the database has: that of its compaction.</param>
/// <param name="last">The last one.</param>
public sealed class RevisionOutsideException(long revision, long first, long last)
    : Exception($"revision {revision} is not among the revisions {first} to {last} that it has");
