using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Stores;

/// <summary>
/// A flat store of named, immutable objects: an S3 bucket (with an optional prefix) or a directory. Keys are relative
/// to the store; the prefix is never visible. Every implementation passes <c>ObjectStoreContract</c> in the tests.
/// </summary>
/// <remarks>
/// All members throw <see cref="BackupException"/> with one of the <c>Store*</c> reasons or
/// <see cref="FailureReason.ObjectNotFound"/>, whose message contains the store and the key. Cancellation is rethrown.
/// A failure of the content stream that is passed to <see cref="PutAsync"/> is rethrown unchanged. Members may be
/// called in parallel. If the server lacks a feature and the store works around it, the store logs a warning, once
/// while it is open. If an operation is not possible at all, the store throws, and the use case decides.
/// </remarks>
public interface IObjectStore : IDisposable
{
    /// <summary>
    /// The address of the store, for messages: <c>s3://bucket/prefix at https://host:port</c> or <c>file:///dir</c>.
    /// </summary>
    string Address { get; }

    /// <summary>The absolute path of the store's local directory; null if the store is not local.</summary>
    string? LocalDirectory { get; }

    /// <summary>The versions and locks of the objects; null if the store has neither.</summary>
    IObjectLocks? Locks => null;

    /// <summary>Creates the bucket or directory if it does not exist.</summary>
    Task EnsureCreatedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Stores all bytes of <paramref name="content"/>, whose length need not be known; reads it once, from its current
    /// position to its end. All or nothing: when it returns, the object is durable and complete. When it throws, no
    /// object of this key is visible (an older one remains), and uploaded bytes are removed if the store allows it.
    /// Memory is bounded for every length.
    /// </summary>
    /// <returns>The number of bytes stored.</returns>
    Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a small object only if none with this key exists. Atomic against other writers if the store supports it.
    /// </summary>
    /// <returns>False if an object with this key exists; it remains unchanged.</returns>
    Task<bool> TryCreateAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Opens an object or a part of it for reading. The stream throws a <see cref="BackupException"/> if the connection
    /// breaks; it never ends early without an error. A range past the object's end returns the existing bytes.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.ObjectNotFound"/>.</exception>
    Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken);

    /// <summary>
    /// Lists all objects whose key starts with <paramref name="prefix"/> (empty: all), in ordinal order of their keys.
    /// It skips unfinished writes and objects whose names cannot be an <see cref="ObjectKey"/>. A store that does not
    /// exist yet is empty.
    /// </summary>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Removes objects; a missing object is not an error. The order is not specified.</summary>
    Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken);

    /// <summary>
    /// Lists the writes that started and were neither completed nor aborted: multipart uploads, temporary files.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.StoreDenied"/> or <see cref="FailureReason.StoreUnsupported"/>, even if all other
    /// operations are allowed.
    /// </exception>
    IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(CancellationToken cancellationToken);

    /// <summary>Removes a pending upload and frees its space; a missing upload is not an error.</summary>
    /// <exception cref="BackupException">As <see cref="ListPendingUploadsAsync"/>.</exception>
    Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken);
}

/// <summary>An object in a listing.</summary>
public sealed record StoredObject
{
    /// <summary>The name within the repository, without the store's prefix.</summary>
    public required ObjectKey Key { get; init; }

    /// <summary>The size of the complete object, in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>When the object was written, by the store's clock.</summary>
    public required DateTimeOffset ModifiedAt { get; init; }
}

/// <summary>An unfinished write. Only the store that listed it can interpret <see cref="UploadId"/>.</summary>
public sealed record PendingUpload
{
    /// <summary>The key of the object for messages, as the store reports it, without the repository's prefix.</summary>
    public required string Key { get; init; }

    /// <summary>What the store needs to find the upload again.</summary>
    public required string UploadId { get; init; }

    /// <summary>When the write started, by the store's clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }
}

/// <summary>
/// A part of an object: <see cref="Length"/> bytes from <see cref="Offset"/>, or all remaining bytes if the length is
/// null.
/// </summary>
public readonly record struct ByteRange(long Offset, long? Length);
