using System.Net;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ByteRange = EtcdBackupAgent.Core.Repository.ByteRange;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>A bucket of S3, or of a server that speaks its protocol, with an optional prefix.</summary>
public sealed class S3ObjectStore : IObjectStore
{
    private readonly S3Connection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PartBufferPool _buffers = new();

    /// <summary>Opens no connection yet.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: an option is wrong; the message names it.</exception>
    public S3ObjectStore(S3Options options, TimeProvider time, ILogger? logger = null)
    {
        _time = time;
        _logger = logger ?? NullLogger.Instance;
        _connection = new S3Connection(options, time, _logger);
    }

    public string Address => Options.Address;

    private S3Options Options => _connection.Options;

    public async Task EnsureCreatedAsync(CancellationToken cancellationToken)
    {
        if (await ExistsAsync(cancellationToken))
        {
            return;
        }

        // The server of an endpoint has one region, which it may call what it likes: none is asked of it.
        bool inHomeRegion = Options.Endpoint is not null || Options.Region is null or "us-east-1";
        try
        {
            await _connection.RunAsync(
                "make the bucket",
                (client, attempt) => client.PutBucketAsync(
                    new PutBucketRequest
                    {
                        BucketName = Options.BucketName,
                        BucketRegionName = inHomeRegion ? null : Options.Region,
                    },
                    attempt.CancellationToken),
                cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is AmazonS3Exception { ErrorCode: "BucketAlreadyOwnedByYou" })
        {
            // Another agent made it at the same time.
        }
    }

    /// <inheritdoc/>
    /// <remarks>1. Read the first part. 2. Is it all, send it in one request. 3. Otherwise, several parts.</remarks>
    public async Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
    {
        // 1
        using PartBuffer first = await PartBuffer.ReadAsync(
            content, Options.Upload.FirstPartBytes, _buffers, cancellationToken);

        // 2
        if (!first.IsFull)
        {
            long length = first.Bytes.Count;
            await PutAsync(key, first.Bytes, onlyIfAbsent: false, cancellationToken);
            return length;
        }

        // 3
        MultipartUpload upload = new(_connection, _buffers, _time, _logger, key.Value);
        return await upload.RunAsync(first, content, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// 1. Look first: not every server knows the condition. 2. Put with the condition. 3. If told that there is one, see whose.
    /// </remarks>
    public async Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        // 1
        if (await FindETagAsync(key, cancellationToken) is not null)
        {
            return false;
        }

        // 2
        byte[] bytes = content.ToArray();
        try
        {
            await PutAsync(key, bytes, onlyIfAbsent: true, cancellationToken);
            return true;
        }
        catch (BackupException e)
            when (e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.PreconditionFailed })
        {
            // 3: an earlier try may have made it, and only its answer been lost.
            return ContentMd5.Of(bytes).Matches(await FindETagAsync(key, cancellationToken));
        }
    }

    public async Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken)
    {
        try
        {
            return await S3ReadStream.OpenAsync(_connection, key, range, cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is { } cause
            && (S3Errors.IsNoSuchObject(cause) || S3Errors.IsNoSuchBucket(cause)))
        {
            string there = S3Errors.IsNoSuchBucket(cause) ? "; there is not even the bucket" : "";
            throw new BackupException(FailureReason.ObjectNotFound, $"There is no '{key}' in {Address}{there}.", e);
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            ListObjectsV2Response? page = await ListPageAsync(prefix, next, cancellationToken);
            foreach (S3Object entry in page?.S3Objects ?? [])
            {
                string name = entry.Key[Options.KeyPrefix.Length..];
                if (ObjectKey.IsValid(name))
                {
                    yield return new StoredObject
                    {
                        Key = new ObjectKey(name),
                        SizeBytes = entry.Size ?? 0,
                        ModifiedAt = Utc(entry.LastModified),
                    };
                }
            }

            next = page?.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    public async Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken)
    {
        // 1,000 is the most that one request takes (docs.aws.amazon.com, "DeleteObjects").
        foreach (ObjectKey[] batch in keys.Chunk(1000))
        {
            try
            {
                await _connection.RunAsync(
                    batch.Length == 1 ? $"delete '{batch[0]}'" : $"delete {batch.Length} objects ('{batch[0]}' and others)",
                    (client, attempt) => DeleteBatchAsync(client, batch, attempt.CancellationToken),
                    cancellationToken);
            }
            catch (BackupException e) when (e.InnerException is { } cause && S3Errors.IsNoSuchBucket(cause))
            {
                // Then none of the objects is there.
            }
        }
    }

    public async IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ListMultipartUploadsResponse? page = null;
        do
        {
            page = await ListUploadsPageAsync(page, cancellationToken);
            foreach (Amazon.S3.Model.MultipartUpload upload in page?.MultipartUploads ?? [])
            {
                if (upload.Key.StartsWith(Options.KeyPrefix, StringComparison.Ordinal))
                {
                    yield return new PendingUpload
                    {
                        Key = upload.Key[Options.KeyPrefix.Length..],
                        UploadId = upload.UploadId,
                        StartedAt = Utc(upload.Initiated),
                    };
                }
            }
        }
        while (page?.IsTruncated == true);
    }

    public Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken) =>
        _connection.AbortAsync(upload.Key, upload.UploadId, cancellationToken);

    public void Dispose() => _connection.Dispose();

    /// <summary>Asks by a listing: its refusal says why, which that of a HEAD request does not.</summary>
    private async Task<bool> ExistsAsync(CancellationToken cancellationToken) =>
        await ListPageAsync("", null, cancellationToken, keysMax: 1) is not null;

    /// <summary>Null if there is no bucket.</summary>
    private async Task<ListObjectsV2Response?> ListPageAsync(
        string prefix, string? next, CancellationToken cancellationToken, int? keysMax = null)
    {
        try
        {
            return await _connection.RunAsync(
                "list objects",
                (client, attempt) => client.ListObjectsV2Async(
                    new ListObjectsV2Request
                    {
                        BucketName = Options.BucketName,
                        Prefix = Options.KeyPrefix + prefix,
                        ContinuationToken = next,
                        MaxKeys = keysMax,
                    },
                    attempt.CancellationToken),
                cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is { } cause && S3Errors.IsNoSuchBucket(cause))
        {
            return null;
        }
    }

    /// <summary>Null if there is no bucket.</summary>
    private async Task<ListMultipartUploadsResponse?> ListUploadsPageAsync(
        ListMultipartUploadsResponse? previous, CancellationToken cancellationToken)
    {
        try
        {
            return await _connection.RunAsync(
                "list unfinished uploads",
                (client, attempt) => client.ListMultipartUploadsAsync(
                    new ListMultipartUploadsRequest
                    {
                        BucketName = Options.BucketName,
                        Prefix = Options.KeyPrefix,
                        KeyMarker = previous?.NextKeyMarker,
                        UploadIdMarker = previous?.NextUploadIdMarker,
                    },
                    attempt.CancellationToken),
                cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is { } cause && S3Errors.IsNoSuchBucket(cause))
        {
            return null;
        }
    }

    private Task<PutObjectResponse> PutAsync(
        ObjectKey key, ArraySegment<byte> bytes, bool onlyIfAbsent, CancellationToken cancellationToken)
    {
        ContentMd5 digest = ContentMd5.Of(bytes);
        return _connection.RunAsync(
            $"store '{key}'",
            async (client, attempt) =>
            {
                await using Stream body = attempt.Body(bytes);
                PutObjectResponse answer = await client.PutObjectAsync(
                    new PutObjectRequest
                    {
                        BucketName = Options.BucketName,
                        Key = Options.KeyPrefix + key,
                        InputStream = body,
                        AutoCloseStream = false,
                        MD5Digest = digest.Base64,
                        IfNoneMatch = onlyIfAbsent ? "*" : null,
                        UseChunkEncoding = false,
                        DisablePayloadSigning = _connection.IsEncrypted,
                    },
                    attempt.CancellationToken);
                digest.CheckAgainst(answer.ETag, answer.ServerSideEncryptionMethod);
                return answer;
            },
            cancellationToken);
    }

    /// <summary>Null if there is no such object, or if the user may not know.</summary>
    private async Task<string?> FindETagAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            GetObjectMetadataResponse there = await _connection.RunAsync(
                $"look at '{key}'",
                (client, attempt) => client.GetObjectMetadataAsync(
                    new GetObjectMetadataRequest { BucketName = Options.BucketName, Key = Options.KeyPrefix + key },
                    attempt.CancellationToken),
                cancellationToken);
            return there.ETag;
        }
        catch (BackupException e) when (e.InnerException is AmazonS3Exception
        {
            StatusCode: HttpStatusCode.NotFound or HttpStatusCode.Forbidden
        })
        {
            return null;
        }
    }

    private async Task<DeleteObjectsResponse> DeleteBatchAsync(
        IAmazonS3 client, ObjectKey[] batch, CancellationToken cancellationToken)
    {
        try
        {
            return await client.DeleteObjectsAsync(
                new DeleteObjectsRequest
                {
                    BucketName = Options.BucketName,
                    Objects = [.. batch.Select(key => new KeyVersion { Key = Options.KeyPrefix + key })],
                    Quiet = true,
                },
                cancellationToken);
        }
        catch (DeleteObjectsException e)
        {
            List<DeleteError> errors = e.Response.DeleteErrors;
            string some = string.Join(
                "; ", errors.Take(3).Select(one => $"'{one.Key[Options.KeyPrefix.Length..]}': {one.Code} {one.Message}"));
            throw new BackupException(
                errors.TrueForAll(one => one.Code == "AccessDenied") ? FailureReason.StoreDenied : FailureReason.StoreFailed,
                $"Cannot delete {errors.Count} of {batch.Length} objects in {Address}: {some}.",
                e);
        }
    }

    private static DateTimeOffset Utc(DateTime? time) => time is { } t ? new DateTimeOffset(t.ToUniversalTime()) : default;
}
