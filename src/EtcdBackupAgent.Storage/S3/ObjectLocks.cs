using System.Runtime.CompilerServices;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Stores;
using ByteRange = EtcdBackupAgent.Core.Stores.ByteRange;
using ObjectLockMode = EtcdBackupAgent.Core.Stores.ObjectLockMode;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>The versions of the objects of a bucket, and their locks.</summary>
/// <remarks>
/// No server is trusted to have locked what it was asked to lock: Ceph 16 drops the lock of an upload in parts without
/// an error. So every lock is read back from the version that was stored, and set again if it is missing or too short.
/// </remarks>
internal sealed class ObjectLocks(
    S3Connection connection, ObjectListing listing, S3ObjectStore store, TimeProvider time) : IObjectLocks
{
    /// <summary>A default lock is given in days or in years; a year of S3 has as many days.</summary>
    private const int YearDays = 365;

    /// <summary>The time limit for removing a version that could not be locked.</summary>
    private static readonly TimeSpan RemovalDeadline = TimeSpan.FromSeconds(15);

    private BucketLocks? _bucket;

    private S3Options Options => connection.Options;

    public async Task EnsureCreatedAsync(CancellationToken cancellationToken)
    {
        _bucket = null;
        await store.EnsureCreatedAsync(withLocks: true, cancellationToken);
    }

    public async Task<BucketLocks> ReadBucketAsync(CancellationToken cancellationToken) =>
        _bucket ??= await RequestBucketAsync(cancellationToken);

    public async Task<long> PutAsync(
        ObjectKey key, Stream content, ObjectLock wanted, CancellationToken cancellationToken)
    {
        (long bytes, string? versionId) = await store.PutAsync(key, content, wanted, cancellationToken);
        await ProveAsync(key, versionId, wanted, cancellationToken);
        return bytes;
    }

    public async Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, ObjectLock wanted, CancellationToken cancellationToken)
    {
        CreatedObject created = await store.TryCreateAsync(key, content, wanted, cancellationToken);
        if (created.IsCreated)
        {
            await ProveAsync(key, created.VersionId, wanted, cancellationToken);
        }

        return created.IsCreated;
    }

    public async Task<ObjectLock?> FindAsync(ObjectKey key, CancellationToken cancellationToken) =>
        LockOf(await HeadAsync(key, versionId: null, cancellationToken));

    public Task RequireAsync(ObjectKey key, ObjectLock wanted, CancellationToken cancellationToken) =>
        RequireAsync(key, versionId: null, wanted, cancellationToken);

    public async IAsyncEnumerable<ObjectVersion> ListVersionsAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (S3ObjectVersion version in listing.AllVersionsAsync(prefix, cancellationToken))
        {
            if (ObjectKey.TryParse(version.Key[Options.KeyPrefix.Length..], out ObjectKey key))
            {
                yield return new ObjectVersion
                {
                    Key = key,
                    VersionId = version.VersionId,
                    IsDeleteMarker = version.IsDeleteMarker == true,
                    SizeBytes = version.Size ?? 0,
                    ModifiedAt = S3ObjectStore.Utc(version.LastModified),
                };
            }
        }
    }

    public async Task<Stream> OpenVersionAsync(
        ObjectVersion version, ByteRange? range, CancellationToken cancellationToken)
    {
        try
        {
            return await S3ReadStream.OpenAsync(
                connection, version.Key, version.VersionId, range, cancellationToken);
        }
        catch (BackupException e) when (IsMissing(e))
        {
            throw Missing(version.Key, e);
        }
    }

    public async Task DeleteVersionAsync(ObjectVersion version, CancellationToken cancellationToken)
    {
        try
        {
            await connection.DeleteVersionAsync(version.Key.Value, version.VersionId, cancellationToken);
        }
        catch (BackupException e) when (IsMissing(e))
        {
            // Another process removed it.
        }
        catch (BackupException e) when (!version.IsDeleteMarker
            && e.InnerException is { } cause && S3Errors.IsRequestRefused(cause))
        {
            ObjectLock? found = LockOf(await HeadAsync(version.Key, version.VersionId, cancellationToken));

            // The server's clock decides. By this one the date may just have passed.
            if (found?.Until > time.GetUtcNow() - ClockTolerance.ClockToleranceMax)
            {
                throw new BackupException(
                    FailureReason.ObjectLocked, $"'{version.Key}' in {Options.Address} is locked until {found}.", e);
            }

            throw;
        }
    }

    /// <summary>Proves the lock of a stored version; removes the version if it cannot be locked.</summary>
    private async Task ProveAsync(
        ObjectKey key, string? versionId, ObjectLock wanted, CancellationToken cancellationToken)
    {
        try
        {
            await RequireAsync(key, versionId, wanted, cancellationToken);
        }
        catch (Exception) when (versionId is not null)
        {
            await TryRemoveAsync(key, versionId);
            throw;
        }
    }

    private async Task TryRemoveAsync(ObjectKey key, string versionId)
    {
        using CancellationTokenSource deadline = new(RemovalDeadline, time);
        try
        {
            await connection.DeleteVersionAsync(key.Value, versionId, deadline.Token);
        }
        catch (Exception e) when (e is BackupException or OperationCanceledException)
        {
            // The caller throws the reason. The object belongs to no snapshot, and prune removes it.
        }
    }

    /// <remarks>1. Read the lock. 2. Extend it if it is missing or too short. 3. Read it back.</remarks>
    private async Task RequireAsync(
        ObjectKey key, string? versionId, ObjectLock wanted, CancellationToken cancellationToken)
    {
        // 1
        GetObjectMetadataResponse before = await HeadAsync(key, versionId, cancellationToken);
        ObjectLock? found = LockOf(before);
        if (found?.Covers(wanted) == true)
        {
            return;
        }

        // 2
        string? extended = versionId ?? before.VersionId;
        ObjectLock longer = wanted.With(found);
        try
        {
            await connection.RunAsync(
                S3Action.Lock(key.Value),
                (client, attempt) => client.PutObjectRetentionAsync(
                    new PutObjectRetentionRequest
                    {
                        BucketName = Options.BucketName,
                        Key = Options.KeyPrefix + key,
                        VersionId = extended,
                        Retention = new ObjectLockRetention
                        {
                            Mode = longer.Mode == ObjectLockMode.Compliance
                                ? Amazon.S3.ObjectLockRetentionMode.Compliance
                                : Amazon.S3.ObjectLockRetentionMode.Governance,
                            RetainUntilDate = longer.Until.UtcDateTime,
                        },
                    },
                    attempt.CancellationToken),
                cancellationToken);
        }
        catch (BackupException e)
        {
            throw e.WithMessage(
                $"'{key}' is {(found is null ? "not locked" : $"locked until {found}")}, and could not be locked until "
                + $"{longer}: {e.Message}");
        }

        // 3
        ObjectLock? now = LockOf(await HeadAsync(key, extended, cancellationToken));
        if (now?.Covers(wanted) != true)
        {
            throw new BackupException(
                FailureReason.StoreFailed,
                $"'{key}' in {Options.Address} was to be locked until {longer}. The server accepted that, but reports "
                + $"{(now is null ? "no lock" : $"a lock until {now}")}.")
            {
                Hint = "Check that the bucket has Object Lock, and that the user has the permission "
                    + "s3:GetObjectRetention.",
            };
        }
    }

    private async Task<GetObjectMetadataResponse> HeadAsync(
        ObjectKey key, string? versionId, CancellationToken cancellationToken)
    {
        try
        {
            return versionId is null
                ? await connection.HeadAsync(key.Value, cancellationToken)
                : await connection.HeadVersionAsync(key.Value, versionId, cancellationToken);
        }
        catch (BackupException e) when (IsMissing(e))
        {
            throw Missing(key, e);
        }
    }

    private async Task<BucketLocks> RequestBucketAsync(CancellationToken cancellationToken)
    {
        try
        {
            GetObjectLockConfigurationResponse answer = await connection.RunAsync(
                S3Action.InspectBucketLock,
                (client, attempt) => client.GetObjectLockConfigurationAsync(
                    new GetObjectLockConfigurationRequest { BucketName = Options.BucketName },
                    attempt.CancellationToken),
                cancellationToken);
            ObjectLockConfiguration? found = answer.ObjectLockConfiguration;
            DefaultRetention? retention = found?.Rule?.DefaultRetention;
            return new BucketLocks
            {
                IsEnabled = found?.ObjectLockEnabled == Amazon.S3.ObjectLockEnabled.Enabled,
                DefaultMode = retention?.Mode is { } mode ? ObjectHeaders.ModeOf(mode) : null,
                DefaultDuration = TimeSpan.FromDays(
                    ((retention?.Days ?? 0) * 1L) + ((retention?.Years ?? 0) * (long)YearDays)),
            };
        }
        catch (BackupException e) when (IsMissing(e))
        {
            return new BucketLocks { IsEnabled = false };
        }
        catch (BackupException e) when (e.InnerException is { } cause && S3Errors.IsRequestRefused(cause))
        {
            return new BucketLocks { IsEnabled = false, Problem = e };
        }
    }

    private static ObjectLock? LockOf(GetObjectMetadataResponse answer) =>
        ObjectHeaders.LockOf(answer.ObjectLockMode, answer.ObjectLockRetainUntilDate);

    private static bool IsMissing(BackupException e) =>
        e.InnerException is { } cause && (S3Errors.IsNoSuchObject(cause) || S3Errors.IsNoSuchBucket(cause));

    private BackupException Missing(ObjectKey key, BackupException e) =>
        new(FailureReason.ObjectNotFound, $"There is no '{key}' in {Options.Address}.", e);
}
