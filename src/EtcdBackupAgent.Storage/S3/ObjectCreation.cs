using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Creates a small object only if there is none of its key. The condition (<c>If-None-Match: *</c>) makes that atomic,
/// but some servers refuse it with 501, and Ceph 16 ignores it in a bucket with versions.
/// </summary>
internal sealed partial class ObjectCreation(
    S3Connection connection, SingleUpload upload, ObjectListing listing, ILogger logger)
{
    private readonly ILogger _logger = logger;

    /// <summary>Found once, and remembered as long as the store is open.</summary>
    private volatile bool _hasNoCondition;

    private enum Presence
    {
        Absent,
        Present,

        /// <summary>The user may not look, or the server does not answer that.</summary>
        Unknown,
    }

    private S3Options Options => connection.Options;

    /// <remarks>
    /// 1. Look. 2. Store with the condition. 3. Where the server does not know it: look again, store without it, and
    /// look whose object is there then. 4. In a bucket with versions, see that ours is the first.
    /// </remarks>
    /// <returns>False if there was an object already; it is left as it is.</returns>
    public async Task<bool> TryAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        // 1
        if (await LookAsync(key, cancellationToken) == Presence.Present)
        {
            return false;
        }

        byte[] bytes = content.ToArray();
        if (_hasNoCondition)
        {
            return await CreateUnconditionallyAsync(key, bytes, cancellationToken);
        }

        // 2
        PutObjectResponse answer;
        try
        {
            answer = await upload.RunAsync(key, bytes, onlyIfAbsent: true, cancellationToken);
        }
        catch (BackupException e)
            when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed })
        {
            // An earlier try may have made it, and only its answer been lost.
            return await IsStoredAsync(key, bytes, unlessReadable: false, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.StoreUnsupported)
        {
            // 3
            bool created = await CreateUnconditionallyAsync(key, bytes, cancellationToken);
            if (!_hasNoCondition)
            {
                _hasNoCondition = true;
                LogNoCondition(Options.Address, key.Value);
            }

            return created;
        }

        // 4
        return answer.VersionId is null or "" or "null"
            || await IsFirstVersionAsync(key, answer.VersionId, ContentMd5.Of(bytes), cancellationToken);
    }

    private async Task<bool> CreateUnconditionallyAsync(
        ObjectKey key, byte[] bytes, CancellationToken cancellationToken)
    {
        if (await LookWellAsync(key, cancellationToken))
        {
            return false;
        }

        await upload.RunAsync(key, bytes, onlyIfAbsent: false, cancellationToken);
        return await IsStoredAsync(key, bytes, unlessReadable: true, cancellationToken);
    }

    private async Task<Presence> LookAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            await connection.RunAsync(
                S3Action.LookAt(key.Value),
                (client, attempt) => client.GetObjectMetadataAsync(
                    new GetObjectMetadataRequest { BucketName = Options.BucketName, Key = Options.KeyPrefix + key },
                    attempt.CancellationToken),
                cancellationToken);
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

    /// <summary>Whether there is an object; if the user may not look at it, a listing has to say so.</summary>
    private async Task<bool> LookWellAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        Presence seen = await LookAsync(key, cancellationToken);
        if (seen != Presence.Unknown)
        {
            return seen == Presence.Present;
        }

        ListObjectsV2Response? page = await listing.PageAsync(key.Value, null, keysMax: 1, cancellationToken);
        return page?.S3Objects?.Exists(found => found.Key == Options.KeyPrefix + key) == true;
    }

    /// <summary>Whether the object there has these bytes. Its ETag cannot tell where the server encrypts with KMS
    /// keys.</summary>
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
    /// Whether no other version was there before ours. If one was, ours is taken away again: a reader sees the newest.
    /// Users without the right to list versions have to rely on the condition, which servers other than Ceph obey.
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

        // A try whose answer was lost leaves a version of ours, too.
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
            await connection.RunAsync(
                S3Action.DeleteVersion(key.Value),
                (client, attempt) => client.DeleteObjectAsync(
                    new DeleteObjectRequest
                    {
                        BucketName = Options.BucketName,
                        Key = Options.KeyPrefix + key,
                        VersionId = versionId,
                    },
                    attempt.CancellationToken),
                cancellationToken);
        }
        catch (BackupException e)
        {
            throw new BackupException(
                e.Reason,
                $"Another '{key}' was created in {Options.Address} at the same moment, and ours, its version "
                + $"{versionId}, hides it because it cannot be removed: {e.Message}",
                e)
            {
                Hint = $"Delete the version {versionId} of '{Options.KeyPrefix}{key}' with a user who may. {e.Hint}",
            };
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Store} does not know the condition If-None-Match, so {Key} was created after a look that "
            + "nothing is there: two agents that create it at the same moment overwrite each other. Do not run 'init' "
            + "twice at the same time.")]
    private partial void LogNoCondition(string store, string key);
}
