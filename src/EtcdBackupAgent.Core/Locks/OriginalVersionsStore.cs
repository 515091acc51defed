using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Locks;

/// <summary>
/// A store as it was before objects were deleted or overwritten: of each object it reads the version that was stored
/// first, whatever delete markers and newer versions hide it. Objects of a repository are written once, so the first
/// version is the object. What is written goes to the store itself.
/// </summary>
public sealed class OriginalVersionsStore(IObjectStore inner) : IObjectStore
{
    private readonly IObjectLocks _versions = inner.Locks ?? throw new BackupException(
        FailureReason.InvalidInput, $"{inner.Address} keeps no versions, so deletions cannot be ignored.")
    {
        Hint = "Only a bucket with versions keeps what is deleted.",
    };

    private readonly ConcurrentDictionary<ObjectKey, ObjectVersion> _known = new();

    /// <inheritdoc/>
    public string Address => inner.Address;

    /// <inheritdoc/>
    public string? LocalDirectory => inner.LocalDirectory;

    /// <inheritdoc/>
    public IObjectLocks Locks => _versions;

    /// <inheritdoc/>
    public Task EnsureCreatedAsync(CancellationToken cancellationToken) => inner.EnsureCreatedAsync(cancellationToken);

    /// <inheritdoc/>
    public Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken) =>
        inner.PutAsync(key, content, cancellationToken);

    /// <inheritdoc/>
    public Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        inner.TryCreateAsync(key, content, cancellationToken);

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken)
    {
        if (!_known.TryGetValue(key, out ObjectVersion? original))
        {
            original = await OriginalsAsync(key.Value, cancellationToken)
                .FirstOrDefaultAsync(found => found.Key == key, cancellationToken)
                ?? throw new BackupException(
                    FailureReason.ObjectNotFound, $"There is no version of '{key}' in {Address}.");
        }

        return await _versions.OpenVersionAsync(original, range, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (ObjectVersion original in OriginalsAsync(prefix, cancellationToken))
        {
            yield return new StoredObject
            {
                Key = original.Key,
                SizeBytes = original.SizeBytes,
                ModifiedAt = original.ModifiedAt,
            };
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken) =>
        inner.DeleteAsync(keys, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(CancellationToken cancellationToken) =>
        inner.ListPendingUploadsAsync(cancellationToken);

    /// <inheritdoc/>
    public Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken) =>
        inner.AbortUploadAsync(upload, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    /// <summary>Lists the first version of each object. The newest of each comes first in the listing.</summary>
    private async IAsyncEnumerable<ObjectVersion> OriginalsAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectVersion? original = null;
        await foreach (ObjectVersion version in _versions.ListVersionsAsync(prefix, cancellationToken))
        {
            if (version.IsDeleteMarker)
            {
                continue;
            }

            if (original is not null && original.Key != version.Key)
            {
                yield return Known(original);
            }

            original = version;
        }

        if (original is not null)
        {
            yield return Known(original);
        }
    }

    private ObjectVersion Known(ObjectVersion original) => _known[original.Key] = original;
}
