using System.Collections.Concurrent;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Locks;

/// <summary>
/// Which objects of a repository are locked, and from when the time counts
/// (<c>docs/spec/repository.md</c>, "Object lock").
/// </summary>
internal sealed class LockStart(TimeProvider time)
{
    private readonly ConcurrentDictionary<SnapshotFolder, DateTimeOffset> _snapshots = new();

    /// <summary>
    /// Returns the moment from which the lock of an object counts that is stored now; null if it is not locked.
    /// </summary>
    /// <remarks>
    /// All objects of a snapshot have one date: that of the first one that this process stored. Records of
    /// verifications, restore notes and the proofs of a change log are not locked, because later ones replace them.
    /// </remarks>
    public DateTimeOffset? Of(ObjectKey key)
    {
        if (SnapshotFolder.TryFind(key, out SnapshotFolder folder))
        {
            return folder.IsOfVerification(key) ? null : _snapshots.GetOrAdd(folder, _ => time.GetUtcNow());
        }

        return IsAccess(key) || IsChange(key) || IsStatement(key) ? time.GetUtcNow() : null;
    }

    /// <summary>Returns whether all snapshots need the object: the repository's documents and keys.</summary>
    public static bool IsAccess(ObjectKey key) =>
        key.Value.StartsWith(ObjectRoots.Documents, StringComparison.Ordinal)
        || key.Value.StartsWith(ObjectRoots.Keys, StringComparison.Ordinal);

    private static bool IsStatement(ObjectKey key) =>
        key.Value.StartsWith(ObjectRoots.Statements, StringComparison.Ordinal);

    /// <summary>Returns whether the object is a segment of a change log, or the document of a lineage.</summary>
    private static bool IsChange(ObjectKey key) =>
        key.Value.StartsWith(ObjectRoots.ChangeLog, StringComparison.Ordinal)
        && LogProof.RevisionsOf(key.Value.Split('/')[^1]) is null;
}
