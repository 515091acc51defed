using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Creates a small object only if none with its key exists. The condition (<c>If-None-Match: *</c>) makes that atomic.
/// But some servers refuse it with 501, and Ceph 16 ignores it in a bucket with versioning.
/// </summary>
internal sealed partial class ObjectCreation(
    S3Connection connection, SingleUpload upload, ObjectListing listing, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>Whether the server does not support the condition; remembered as long as the store is open.</summary>
    private volatile bool _hasNoCondition;

    private enum Presence
    {
        Absent,
        Present,

        /// <summary>The user has no permission to check, or the server does not support it.</summary>
        Unknown,
    }

    private S3Options Options => connection.Options;

    /// <remarks>
    /// 1. Check whether the object exists. 2. Store it with the condition. 3. If the server does not support the
    /// condition: check again, store without it, and check whose object exists then. 4. In a bucket with versioning,
    /// check that this version is the first one.
    /// </remarks>
    /// <param name="key">The name.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="wanted">The lock to send; it is not proved. Null for none.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have created the object.</param>
    /// <returns>Whether it was created. If not, an object with this key exists and remains unchanged.</returns>
    public async Task<CreatedObject> TryAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, ObjectLock? wanted, CancellationToken cancellationToken)
    {
        // 1
        if (await FindPresenceAsync(key, cancellationToken) == Presence.Present)
        {
            return CreatedObject.None;
        }

        byte[] bytes = content.ToArray();
        if (_hasNoCondition)
        {
            return new CreatedObject(
                await CreateUnconditionallyAsync(key, bytes, wanted, cancellationToken), VersionId: null);
        }

        // 2
        PutObjectResponse answer;
        try
        {
            answer = await upload.RunAsync(key, bytes, onlyIfAbsent: true, wanted, cancellationToken);
        }
        catch (BackupException e)
            when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed })
        {
            // An earlier attempt may have created it, and only its response was lost.
            return new CreatedObject(
                await IsStoredAsync(key, bytes, unlessReadable: false, cancellationToken), VersionId: null);
        }
        catch (BackupException e) when (e.Reason == FailureReason.StoreUnsupported)
        {
            // 3
            bool created = await CreateUnconditionallyAsync(key, bytes, wanted, cancellationToken);
            if (!_hasNoCondition)
            {
                _hasNoCondition = true;
                LogNoCondition(Options.Address, key.Value);
            }

            return new CreatedObject(created, VersionId: null);
        }

        // 4
        return answer.VersionId is null or "" or "null"
            ? new CreatedObject(IsCreated: true, VersionId: null)
            : new CreatedObject(
                await IsFirstVersionAsync(key, answer.VersionId, ContentMd5.Of(bytes), cancellationToken),
                answer.VersionId);
    }

    private async Task<bool> CreateUnconditionallyAsync(
        ObjectKey key, byte[] bytes, ObjectLock? wanted, CancellationToken cancellationToken)
    {
        if (await ExistsAsync(key, cancellationToken))
        {
            return false;
        }

        await upload.RunAsync(key, bytes, onlyIfAbsent: false, wanted, cancellationToken);
        return await IsStoredAsync(key, bytes, unlessReadable: true, cancellationToken);
    }

    private async Task<Presence> FindPresenceAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            await connection.HeadAsync(key.Value, cancellationToken);
            return Presence.Present;
        }
        catch (BackupException e) when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.NotFound })
        {
            return Presence.Absent;
        }
        catch (BackupException e) when (e.Reason is FailureReason.StoreDenied or FailureReason.StoreUnsupported)
        {
            return Presence.Unknown;
        }
    }

    /// <summary>Returns whether an object exists. If the user may not read its metadata, a listing decides.</summary>
    private async Task<bool> ExistsAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        Presence seen = await FindPresenceAsync(key, cancellationToken);
        if (seen != Presence.Unknown)
        {
            return seen == Presence.Present;
        }

        ListObjectsV2Response? page = await listing.PageAsync(key.Value, null, keysMax: 1, cancellationToken);
        return page?.S3Objects?.Exists(found => found.Key == Options.KeyPrefix + key) == true;
    }

    /// <summary>
    /// Returns whether the existing object has these bytes. It does not compare the ETag, which is not an MD5 if the
    /// server encrypts with KMS keys.
    /// </summary>
    private async Task<bool> IsStoredAsync(
        ObjectKey key, byte[] bytes, bool unlessReadable, CancellationToken cancellationToken)
    {
        try
        {
            await using Stream stored = await S3ReadStream.OpenAsync(
                connection, key, new Core.Stores.ByteRange(0, bytes.Length + 1), cancellationToken);
            using MemoryStream read = new();
            await stored.CopyToAsync(read, cancellationToken);
            return read.GetBuffer().AsSpan(0, (int)read.Length).SequenceEqual(bytes);
        }
        catch (BackupException e) when (e.Reason == FailureReason.StoreDenied)
        {
            return unlessReadable;
        }
    }

    /// <summary>
    /// Returns whether no other version existed before this one. If one did, this version is deleted again, because
    /// readers see the newest. Without the permission to list versions only the condition protects, which servers other
    /// than Ceph obey.
    /// </summary>
    private async Task<bool> IsFirstVersionAsync(
        ObjectKey key, string versionId, ContentMd5 digest, CancellationToken cancellationToken)
    {
        IReadOnlyList<S3ObjectVersion> versions;
        try
        {
            versions = await listing.VersionsAsync(key, cancellationToken);
        }
        catch (BackupException e) when (e.Reason is FailureReason.StoreDenied or FailureReason.StoreUnsupported)
        {
            return true;
        }

        // An attempt whose response was lost also leaves a version with these bytes.
        if (versions.Count == 0 || versions[^1].VersionId == versionId || digest.Matches(versions[^1].ETag))
        {
            return true;
        }

        await RemoveVersionAsync(key, versionId, cancellationToken);
        return false;
    }

    private async Task RemoveVersionAsync(ObjectKey key, string versionId, CancellationToken cancellationToken)
    {
        try
        {
            await connection.DeleteVersionAsync(key.Value, versionId, cancellationToken);
        }
        catch (BackupException e)
        {
            throw new BackupException(
                e.Reason,
                $"Another '{key}' was created in {Options.Address} at the same time. The version that this agent "
                + $"wrote, {versionId}, hides it and cannot be deleted: {e.Message}",
                e)
            {
                Hint = $"Delete the version {versionId} of '{Options.KeyPrefix}{key}' with a user who has the "
                    + $"permission. {e.Hint}",
                Settings = e.Settings,
            };
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Store} does not support the condition If-None-Match, so {Key} was created after a check that it "
            + "does not exist: two agents that create it at the same time overwrite each other. Do not run 'init' "
            + "twice at the same time.")]
    private partial void LogNoCondition(string store, string key);
}

/// <summary>The result of a creation.</summary>
/// <param name="IsCreated">Whether the object was created.</param>
/// <param name="VersionId">Its version; null if the bucket has no versions, or if it is not known.</param>
internal readonly record struct CreatedObject(bool IsCreated, string? VersionId)
{
    /// <summary>Another object existed.</summary>
    public static CreatedObject None => new(IsCreated: false, VersionId: null);
}
