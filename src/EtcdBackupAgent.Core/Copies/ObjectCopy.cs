using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;

namespace EtcdBackupAgent.Core.Copies;

/// <summary>
/// Copies single objects as they are, and reads each back from the far end: a store may confirm bytes that it does not
/// return. Memory is bounded for every size.
/// </summary>
/// <param name="source">Where the objects are.</param>
/// <param name="target">Where they go.</param>
/// <param name="progress">Receives the progress of each transfer.</param>
internal sealed class ObjectCopy(IObjectStore source, IObjectStore target, IProgress<TransferProgress> progress)
{
    /// <summary>Copies an object whose size and digest are known.</summary>
    /// <param name="key">The object.</param>
    /// <param name="sizeBytes">The size that it must have.</param>
    /// <param name="digest">The digest that it must have.</param>
    /// <param name="cancellationToken">A cancelled call leaves no incomplete object.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.DataDamaged"/>: the object differs from what it must be, here or at the far end, where
    /// nothing of it remains; or a store's reason.
    /// </exception>
    public async Task CopyAsync(
        ObjectKey key, long sizeBytes, Sha256Digest digest, CancellationToken cancellationToken)
    {
        await using Stream stored = await OpenAsync(key, cancellationToken);
        await using DigestingStream digesting = new(stored);
        await using LimitedStream limited = new(digesting, sizeBytes, () => Damaged(key, sizeBytes));
        await using ExpectedStream expected = new(limited, () =>
            digesting.BytesRead != sizeBytes || digesting.Digest() != digest ? Damaged(key, sizeBytes) : null);
        await using ProgressStream reported = new(expected, $"Copying {key}", sizeBytes, progress);
        await target.PutAsync(key, reported, cancellationToken);
        await RequireStoredAsync(key, digest, cancellationToken);
    }

    /// <summary>Copies an object of which only its own bytes are known.</summary>
    /// <returns>The number of bytes.</returns>
    /// <exception cref="BackupException">As the other overload.</exception>
    public async Task<long> CopyAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        await using Stream stored = await OpenAsync(key, cancellationToken);
        await using DigestingStream digesting = new(stored);
        long bytes = await target.PutAsync(key, digesting, cancellationToken);
        await RequireStoredAsync(key, digesting.Digest(), cancellationToken);
        return bytes;
    }

    /// <summary>Whether the far end returns an object with this digest.</summary>
    /// <exception cref="BackupException">With the store's reason.</exception>
    public async Task<bool> IsStoredAsync(ObjectKey key, Sha256Digest digest, CancellationToken cancellationToken)
    {
        await using Stream stored = await target.OpenReadAsync(key, range: null, cancellationToken);
        return await DigestAsync(stored, cancellationToken) == digest;
    }

    /// <summary>Whether both stores return the same bytes.</summary>
    /// <exception cref="BackupException">With a store's reason.</exception>
    public async Task<bool> IsSameAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        await using Stream stored = await OpenAsync(key, cancellationToken);
        return await IsStoredAsync(key, await DigestAsync(stored, cancellationToken), cancellationToken);
    }

    private static async Task<Sha256Digest> DigestAsync(Stream stored, CancellationToken cancellationToken)
    {
        await using DigestingStream digesting = new(stored);
        await digesting.CopyToAsync(Stream.Null, cancellationToken);
        return digesting.Digest();
    }

    private async Task RequireStoredAsync(ObjectKey key, Sha256Digest digest, CancellationToken cancellationToken)
    {
        if (!await IsStoredAsync(key, digest, cancellationToken))
        {
            await target.DeleteAsync([key], cancellationToken);
            throw new BackupException(
                FailureReason.DataDamaged,
                $"{target.Address} returns other bytes of {key} than were copied. The object was removed there.")
            {
                Hint = "Copy again. If it happens again, the disk or the server at the far end is damaged.",
            };
        }
    }

    private async Task<Stream> OpenAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            return await source.OpenReadAsync(key, range: null, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.ObjectNotFound)
        {
            throw new BackupException(FailureReason.DataDamaged, $"{key} is missing in {source.Address}.", e);
        }
    }

    private BackupException Damaged(ObjectKey key, long sizeBytes) => new(
        FailureReason.DataDamaged,
        $"{key} in {source.Address} is damaged: it does not have the {sizeBytes} bytes of its manifest. It was not "
        + "copied.")
    {
        Hint = "'etcd-backup-agent verify' examines the snapshot; the others can still be copied.",
    };
}
