using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Locks;

/// <summary>
/// A store whose objects are locked, by a rule or by the bucket itself, so that someone with all keys of the bucket
/// cannot remove or overwrite them.
/// </summary>
/// <remarks>
/// What is stored:
/// 1. <see cref="LockStart"/> says which objects are locked, and from when. All of a snapshot have one date.
/// 2. With a rule, the lock is sent with the object and read back. Without one, the bucket's own lock is read back.
/// 3. Before a manifest is created, all that its snapshot needs is locked until the same date: the repository's
///    documents and keys, and the base of an incremental snapshot. So no snapshot exists whose key could be removed.
/// What is removed, in a bucket with Object Lock: every version, so that the space is free. A locked one stays and is
/// reported with its date; no delete marker hides it.
/// </remarks>
/// <param name="inner">The store, with versions and locks.</param>
/// <param name="rule">The lock of new objects; null for what the bucket does by itself.</param>
/// <param name="time">The clock from which the dates are computed.</param>
public sealed class LockedObjectStore(IObjectStore inner, LockRule? rule, TimeProvider time) : IObjectStore
{
    /// <summary>The number of objects whose versions are removed at the same time.</summary>
    private const int RemovalsInFlightMax = 16;

    private readonly IObjectLocks _locks = inner.Locks
        ?? throw new ArgumentException($"{inner.Address} has no locks.", nameof(inner));

    private readonly LockStart _start = new(time);

    /// <inheritdoc/>
    public string Address => inner.Address;

    /// <inheritdoc/>
    public string? LocalDirectory => inner.LocalDirectory;

    /// <inheritdoc/>
    public IObjectLocks Locks => _locks;

    /// <inheritdoc/>
    public async Task EnsureCreatedAsync(CancellationToken cancellationToken)
    {
        if (rule is null)
        {
            await inner.EnsureCreatedAsync(cancellationToken);
            return;
        }

        // Nothing is stored in a bucket that cannot lock it.
        await _locks.EnsureCreatedAsync(cancellationToken);
        await FindRuleAsync(cancellationToken);
    }

    /// <summary>
    /// Returns the lock of objects that are stored from now on; null if they are not locked, or if it is not known.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: there is a rule, but the bucket cannot lock objects.
    /// </exception>
    public async Task<LockRule?> FindRuleAsync(CancellationToken cancellationToken)
    {
        BucketLocks bucket = await _locks.ReadBucketAsync(cancellationToken);
        if (rule is not null && bucket is { IsEnabled: false, Problem: null })
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"Objects in {Address} cannot be locked: the bucket has no Object Lock.")
            {
                Hint = "Use a bucket that was created with Object Lock; 'init' with an object lock creates one that "
                    + "does not exist. Or omit the object lock.",
            };
        }

        return rule ?? (bucket.DefaultMode is { } mode ? new LockRule(mode, bucket.DefaultDuration) : null);
    }

    /// <inheritdoc/>
    public async Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
    {
        if (await FindLockAsync(key, cancellationToken) is not { } wanted)
        {
            return await inner.PutAsync(key, content, cancellationToken);
        }

        if (rule is not null)
        {
            return await _locks.PutAsync(key, content, wanted, cancellationToken);
        }

        long bytes = await inner.PutAsync(key, content, cancellationToken);
        await _locks.RequireAsync(key, wanted, cancellationToken);
        return bytes;
    }

    /// <inheritdoc/>
    public async Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (await FindLockAsync(key, cancellationToken) is not { } wanted)
        {
            return await inner.TryCreateAsync(key, content, cancellationToken);
        }

        if (SnapshotFolder.TryFind(key, out SnapshotFolder folder) && key == folder.ManifestKey)
        {
            await LockNeedsAsync(content, key, wanted, cancellationToken);
        }

        // Two agents may create the documents of a repository at the same moment. The loser must be able to remove its
        // version, so it is locked only when it is known to be the first.
        if (rule is not null && !LockStart.IsAccess(key))
        {
            return await _locks.TryCreateAsync(key, content, wanted, cancellationToken);
        }

        bool isCreated = await inner.TryCreateAsync(key, content, cancellationToken);
        if (isCreated)
        {
            await _locks.RequireAsync(key, wanted, cancellationToken);
        }

        return isCreated;
    }

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken) =>
        inner.OpenReadAsync(key, range, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        inner.ListAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.ObjectLocked"/>: some are locked and stay. The others are removed.
    /// </exception>
    public async Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken)
    {
        if (keys.Count == 0 || !(await _locks.ReadBucketAsync(cancellationToken)).IsEnabled)
        {
            await inner.DeleteAsync(keys, cancellationToken);
            return;
        }

        LockedObjects locked = new(Address);
        await Parallel.ForEachAsync(
            keys,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = RemovalsInFlightMax,
                CancellationToken = cancellationToken,
            },
            async (key, token) =>
            {
                LockedObjects here = new(Address);
                await RemoveVersionsAsync(key.Value, version => version.Key == key, here, token);
                if (here.IsEmpty)
                {
                    return;
                }

                if (_start.Of(key) is null)
                {
                    // The bucket locks everything. A marker hides what is of no use any more.
                    await inner.DeleteAsync([key], token);
                }
                else
                {
                    locked.Add(here);
                }
            });
        locked.ThrowIfAny();
    }

    /// <summary>Returns whether the newest version of an object is locked now.</summary>
    internal async Task<bool> IsLockedAsync(ObjectKey key, CancellationToken cancellationToken) =>
        (await _locks.ReadBucketAsync(cancellationToken)).IsEnabled
        && (await _locks.FindAsync(key, cancellationToken))?.Until > time.GetUtcNow();

    /// <summary>
    /// Removes every version of all objects whose key starts with a prefix, also of those that a delete marker hides.
    /// </summary>
    /// <returns>False if the bucket has no Object Lock: then nothing is removed.</returns>
    /// <exception cref="BackupException">As <see cref="DeleteAsync"/>.</exception>
    internal async Task<bool> TryRemoveAllAsync(string prefix, CancellationToken cancellationToken)
    {
        if (!(await _locks.ReadBucketAsync(cancellationToken)).IsEnabled)
        {
            return false;
        }

        LockedObjects locked = new(Address);
        await RemoveVersionsAsync(prefix, _ => true, locked, cancellationToken);
        locked.ThrowIfAny();
        return true;
    }

    /// <summary>
    /// Locks the objects of a snapshot that exists, and all that it needs, at least until the date of this lock. The
    /// manifest is the last: its date is that of the snapshot.
    /// </summary>
    /// <exception cref="BackupException">With the store's reason; a lock may then be extended in part.</exception>
    internal async Task ExtendAsync(
        SnapshotFolder folder, SnapshotManifest manifest, ObjectLock wanted, CancellationToken cancellationToken)
    {
        await LockAccessAsync(wanted, cancellationToken);
        if (manifest.Base is { } needed)
        {
            await LockBaseAsync(needed, wanted, cancellationToken);
        }

        await LockFolderAsync(folder, wanted, cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(CancellationToken cancellationToken) =>
        inner.ListPendingUploadsAsync(cancellationToken);

    /// <inheritdoc/>
    public Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken) =>
        inner.AbortUploadAsync(upload, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => inner.Dispose();

    private async Task<ObjectLock?> FindLockAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        if (_start.Of(key) is not { } start || await FindRuleAsync(cancellationToken) is not { } applied)
        {
            return null;
        }

        // The bucket's own lock counts from the server's clock.
        return rule is null ? applied.From(start - ClockTolerance.ClockToleranceMax) : applied.From(start);
    }

    /// <summary>Locks what a snapshot needs, before its manifest exists.</summary>
    private async Task LockNeedsAsync(
        ReadOnlyMemory<byte> manifest, ObjectKey key, ObjectLock wanted, CancellationToken cancellationToken)
    {
        await LockAccessAsync(wanted, cancellationToken);
        if (RepositoryJson.ReadManifest(manifest.ToArray(), $"{key} in {Address}").Base is { } needed)
        {
            await LockBaseAsync(needed, wanted, cancellationToken);
        }
    }

    private async Task LockAccessAsync(ObjectLock wanted, CancellationToken cancellationToken)
    {
        foreach (string root in new[] { ObjectRoots.Documents, ObjectRoots.Keys })
        {
            await foreach (StoredObject found in inner.ListAsync(root, cancellationToken))
            {
                await _locks.RequireAsync(found.Key, wanted, cancellationToken);
            }
        }
    }

    private async Task LockBaseAsync(SnapshotBase needed, ObjectLock wanted, CancellationToken cancellationToken)
    {
        await foreach (StoredObject found in inner.ListAsync(SnapshotFolder.Root, cancellationToken))
        {
            if (SnapshotFolder.TryFind(found.Key, out SnapshotFolder folder) && folder.Id == needed.Id)
            {
                await LockFolderAsync(folder, wanted, cancellationToken);
                return;
            }
        }
    }

    private async Task LockFolderAsync(SnapshotFolder folder, ObjectLock wanted, CancellationToken cancellationToken)
    {
        List<StoredObject> objects =
            await inner.ListAsync(folder.ToString(), cancellationToken).ToListAsync(cancellationToken);
        foreach (ObjectKey key in objects
            .Select(found => found.Key)
            .Where(key => !folder.IsOfVerification(key))
            .OrderBy(key => key == folder.ManifestKey))
        {
            await _locks.RequireAsync(key, wanted, cancellationToken);
        }
    }

    /// <summary>Removes versions, the newest of each object first: what is left is what was stored first.</summary>
    private async Task RemoveVersionsAsync(
        string prefix, Func<ObjectVersion, bool> isMeant, LockedObjects locked, CancellationToken cancellationToken)
    {
        List<ObjectVersion> versions = await _locks.ListVersionsAsync(prefix, cancellationToken)
            .Where(version => isMeant(version))
            .ToListAsync(cancellationToken);
        foreach (ObjectVersion version in versions)
        {
            try
            {
                await _locks.DeleteVersionAsync(version, cancellationToken);
            }
            catch (BackupException e) when (e.Reason == FailureReason.ObjectLocked)
            {
                locked.Add(version, e);
            }
        }
    }
}
