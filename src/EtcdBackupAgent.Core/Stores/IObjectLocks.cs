using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Stores;

/// <summary>
/// The versions of the objects of a store, and their locks. Every implementation passes <c>ObjectLocksContract</c> in
/// the tests.
/// </summary>
/// <remarks>
/// Members throw as those of <see cref="IObjectStore"/>. Whether a version is locked is always learned from its date,
/// never from the text of a refusal.
/// </remarks>
public interface IObjectLocks
{
    /// <summary>
    /// Creates the bucket, with locks, if it does not exist. Locks cannot be added to an existing bucket everywhere.
    /// </summary>
    Task EnsureCreatedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Returns what the bucket does by itself; remembered while the store is open. A refusal is not an error.
    /// </summary>
    Task<BucketLocks> ReadBucketAsync(CancellationToken cancellationToken);

    /// <summary>
    /// As <see cref="IObjectStore.PutAsync"/>, and returns only when the stored version has this lock, or one that
    /// covers it. If it cannot be locked, the version is removed, and the call throws.
    /// </summary>
    Task<long> PutAsync(
        ObjectKey key, Stream content, ObjectLock wanted, CancellationToken cancellationToken);

    /// <summary>As <see cref="IObjectStore.TryCreateAsync"/>, with the lock as in <see cref="PutAsync"/>.</summary>
    /// <returns>False if an object with this key exists; neither it nor its lock changes.</returns>
    Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, ObjectLock wanted, CancellationToken cancellationToken);

    /// <summary>Returns the lock of the newest version of an object; null if it has none.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.ObjectNotFound"/>.</exception>
    Task<ObjectLock?> FindAsync(ObjectKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Gives the newest version of an object a lock that covers this one; a lock that it has is never shortened. When
    /// it returns, the lock has been read back.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.ObjectNotFound"/>, or the store's reason.</exception>
    Task RequireAsync(ObjectKey key, ObjectLock wanted, CancellationToken cancellationToken);

    /// <summary>
    /// Lists all versions and delete markers whose key starts with <paramref name="prefix"/>: in ordinal order of their
    /// keys, of each key the newest first.
    /// </summary>
    IAsyncEnumerable<ObjectVersion> ListVersionsAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>As <see cref="IObjectStore.OpenReadAsync"/>, for one version.</summary>
    Task<Stream> OpenVersionAsync(ObjectVersion version, ByteRange? range, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a version for good, or a delete marker, after which the version below it is visible again. A missing one
    /// is not an error.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.ObjectLocked"/> if the version is locked; the message names the date.
    /// </exception>
    Task DeleteVersionAsync(ObjectVersion version, CancellationToken cancellationToken);
}
