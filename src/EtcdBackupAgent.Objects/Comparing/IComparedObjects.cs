using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Querying;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>One side of a comparison: the objects of a snapshot, or those of a cluster.</summary>
public interface IComparedObjects
{
    /// <summary>What the side is, for messages: <c>snapshot 1a2b3c4d</c>.</summary>
    string Name { get; }

    /// <summary>The revision of etcd; null if there is not one for all objects.</summary>
    long? Revision { get; }

    /// <summary>
    /// Returns the UID of the namespace <c>kube-system</c>, which is that of the cluster; null if it is not known.
    /// </summary>
    /// <exception cref="BackupException">The objects cannot be read.</exception>
    Task<string?> FindClusterUidAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Returns the selected objects in the order of the bytes of <see cref="ComparedObject.Key"/>, each once.
    /// </summary>
    /// <exception cref="BackupException">The objects cannot be read.</exception>
    IAsyncEnumerable<ComparedObject> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Whether the side could not read the objects of this resource, so that they cannot be compared. It is known for
    /// every key before the one that was returned last.
    /// </summary>
    bool LeavesOut(StorageKey place);
}

/// <summary>An object of one side, which is decoded only if it must be.</summary>
/// <param name="Key">Its key in etcd, without the prefix.</param>
/// <param name="ModRevision">The revision of its last change.</param>
/// <param name="ValueDigest">A digest of the stored bytes; null if they are not known.</param>
/// <param name="Read">Reads it, in clear; null if it is not an object after all.</param>
public sealed record ComparedObject(
    ReadOnlyMemory<byte> Key, long ModRevision, UInt128? ValueDigest, Func<FoundObject?> Read);
