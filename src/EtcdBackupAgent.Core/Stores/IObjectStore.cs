using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Stores;

/// <summary>
/// A flat store of named, immutable objects: an S3 bucket (with an optional prefix) or a directory. Keys are relative to the
/// store; the prefix never shows. Every implementation passes <c>ObjectStoreContract</c> in the tests.
/// </summary>
/// <remarks>
/// All members throw <see cref="BackupException"/> with one of the <c>Store*</c> reasons or
/// <see cref="FailureReason.ObjectNotFound"/>, whose message names the store and the key; cancellation is rethrown as it is.
/// A failure of the content stream handed to <see cref="PutAsync"/> passes through unchanged. Members may be called in parallel.
/// What a store can do only in a lesser way, because its server lacks something, is a warning in its own log, once as
/// long as it is open; what it cannot do at all is an exception, and the use case decides.
/// </remarks>
public interface IObjectStore : IDisposable
{
    /// <summary>Where the objects are, for messages: <c>s3://bucket/prefix at https://host:port</c> or <c>file:///dir</c>.</summary>
    string Address { get; }

    /// <summary>The directory of this machine that the store is in, absolute; null if it is elsewhere.</summary>
    string? LocalDirectory { get; }

    /// <summary>Makes the bucket or directory if it is missing; does nothing if it is there.</summary>
    Task EnsureCreatedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Stores all bytes of <paramref name="content"/>, whose length need not be known, reading it once from where it stands to its
    /// end. All or nothing: when it returns, the object is durable and whole; when it throws, no object of this key is visible
    /// (an older one stays) and what was uploaded is given back where the store allows. Memory is bounded whatever the length.
    /// </summary>
    /// <returns>The number of bytes stored.</returns>
    Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken);

    /// <summary>
    /// Stores a small object only if there is none of this key. Atomic against other writers where the store can do that.
    /// </summary>
    /// <returns>False if there was one already; it is left as it is.</returns>
    Task<bool> TryCreateAsync(ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Opens an object for reading, whole or a part of it. The stream fails with a <see cref="BackupException"/> if the connection
    /// breaks; it never ends early in silence. A range past the object's end gives what there is.
    /// </summary>
    /// <exception cref="BackupException"><see cref="FailureReason.ObjectNotFound"/>.</exception>
    Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken);

    /// <summary>
    /// All objects whose key starts with <paramref name="prefix"/> (empty: all), in ordinal order of their keys. Objects whose names
    /// cannot be an <see cref="ObjectKey"/> and unfinished writes are passed over. A store that does not exist yet is empty.
    /// </summary>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Removes objects; one that is not there is no error. Order between them is not promised.</summary>
    Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken);

    /// <summary>Writes that began and neither finished nor were given back: multipart uploads, temporary files.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.StoreDenied"/> or <see cref="FailureReason.StoreUnsupported"/>, also where all else is
    /// allowed.
    /// </exception>
    IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(CancellationToken cancellationToken);

    /// <summary>Gives back what a pending upload takes; one that is gone is no error.</summary>
    /// <exception cref="BackupException">As <see cref="ListPendingUploadsAsync"/>.</exception>
    Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken);
}

/// <summary>An object as a listing shows it.</summary>
public sealed record StoredObject
{
    public required ObjectKey Key { get; init; }

    public required long SizeBytes { get; init; }

    public required DateTimeOffset ModifiedAt { get; init; }
}

/// <summary>An unfinished write. <see cref="UploadId"/> means something only to the store that listed it.</summary>
public sealed record PendingUpload
{
    /// <summary>What was being written, for messages; as the store names it, without the repository's prefix.</summary>
    public required string Key { get; init; }

    public required string UploadId { get; init; }

    public required DateTimeOffset StartedAt { get; init; }
}

/// <summary>A part of an object: <see cref="Length"/> bytes from <see cref="Offset"/>, or all the rest if the length is null.</summary>
public readonly record struct ByteRange(long Offset, long? Length);
