using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ByteRange = EtcdBackupAgent.Core.Stores.ByteRange;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>A bucket of S3, or of a server with the same protocol, with an optional prefix.</summary>
public sealed class S3ObjectStore : IObjectStore
{
    private readonly S3Connection _connection;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly PartBufferPool _buffers = new();
    private readonly ObjectListing _listing;
    private readonly SingleUpload _single;
    private readonly ObjectCreation _creation;
    private readonly ObjectDeletion _deletion;
    private readonly ObjectLocks _locks;

    /// <summary>Creates the store without opening a connection.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: an option is invalid; the message contains it.
    /// </exception>
    public S3ObjectStore(S3Options options, TimeProvider time, ILogger? logger = null)
    {
        _time = time;
        _logger = logger ?? NullLogger.Instance;
        _connection = new S3Connection(options, time, _logger);
        _listing = new ObjectListing(_connection);
        _single = new SingleUpload(_connection);
        _creation = new ObjectCreation(_connection, _single, _listing, _logger);
        _deletion = new ObjectDeletion(_connection, _logger);
        _locks = new ObjectLocks(_connection, _listing, this, time);
    }

    public string Address => Options.Address;

    public string? LocalDirectory => null;

    public IObjectLocks Locks => _locks;

    private S3Options Options => _connection.Options;

    public Task EnsureCreatedAsync(CancellationToken cancellationToken) =>
        EnsureCreatedAsync(withLocks: false, cancellationToken);

    /// <summary>Creates the bucket if it does not exist, with or without Object Lock.</summary>
    internal async Task EnsureCreatedAsync(bool withLocks, CancellationToken cancellationToken)
    {
        if (await ExistsAsync(cancellationToken))
        {
            return;
        }

        // The server of an endpoint has one region, whose name it may choose. So no region is requested, unless the
        // server requires one.
        bool isHomeRegion = Options.Endpoint is not null || Options.RegionInUse is null or S3Options.RegionOfEndpoints;
        try
        {
            await CreateBucketAsync(isHomeRegion ? null : Options.RegionInUse, withLocks, cancellationToken);
        }
        catch (BackupException e) when (isHomeRegion && Options.Region is not null
            && e.InnerException is AmazonS3Exception { ErrorCode: "IllegalLocationConstraintException" })
        {
            await CreateBucketAsync(Options.Region, withLocks, cancellationToken);
        }
    }

    public async Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken) =>
        (await PutAsync(key, content, wanted: null, cancellationToken)).Bytes;

    /// <summary>Stores an object. The lock is sent, but not proved.</summary>
    /// <remarks>
    /// 1. Read the first part. 2. If it is all, send it in one request. 3. Otherwise send several parts.
    /// </remarks>
    /// <returns>The number of bytes, and the version if it is known.</returns>
    internal async Task<(long Bytes, string? VersionId)> PutAsync(
        ObjectKey key, Stream content, ObjectLock? wanted, CancellationToken cancellationToken)
    {
        // 1
        using PartBuffer first = await PartBuffer.ReadAsync(
            content, Options.Upload.FirstPartBytes, _buffers, cancellationToken);

        // 2
        if (!first.IsFull)
        {
            long length = first.Bytes.Count;
            PutObjectResponse answer = await _single.RunAsync(
                key, first.Bytes, onlyIfAbsent: false, wanted, cancellationToken);
            return (length, answer.VersionId);
        }

        // 3
        MultipartUpload upload = new(_connection, _buffers, _time, _logger, key.Value, wanted);
        return (await upload.RunAsync(first, content, cancellationToken), upload.VersionId);
    }

    public async Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        (await TryCreateAsync(key, content, wanted: null, cancellationToken)).IsCreated;

    /// <summary>Creates an object. The lock is sent, but not proved.</summary>
    internal Task<CreatedObject> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, ObjectLock? wanted, CancellationToken cancellationToken) =>
        _creation.TryAsync(key, content, wanted, cancellationToken);

    public async Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken)
    {
        try
        {
            return await S3ReadStream.OpenAsync(_connection, key, range, cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is { } cause
            && (S3Errors.IsNoSuchObject(cause) || S3Errors.IsNoSuchBucket(cause)))
        {
            string bucket = S3Errors.IsNoSuchBucket(cause) ? "; the bucket does not exist either" : "";
            throw new BackupException(FailureReason.ObjectNotFound, $"There is no '{key}' in {Address}{bucket}.", e);
        }
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            ListObjectsV2Response? page = await _listing.PageAsync(prefix, next, keysMax: null, cancellationToken);
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

    public Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken) =>
        _deletion.RunAsync(keys, cancellationToken);

    public async IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ListMultipartUploadsResponse? page = null;
        do
        {
            page = await _listing.UploadsPageAsync(page, cancellationToken);
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

    /// <summary>
    /// Uses a listing, because its error response explains the cause; the response to a HEAD request does not.
    /// </summary>
    private async Task<bool> ExistsAsync(CancellationToken cancellationToken) =>
        await _listing.PageAsync("", null, keysMax: 1, cancellationToken) is not null;

    private async Task CreateBucketAsync(string? region, bool withLocks, CancellationToken cancellationToken)
    {
        try
        {
            await _connection.RunAsync(
                S3Action.CreateBucket,
                (client, attempt) => client.PutBucketAsync(
                    new PutBucketRequest
                    {
                        BucketName = Options.BucketName,
                        BucketRegionName = region,
                        ObjectLockEnabledForBucket = withLocks ? true : null,
                    },
                    attempt.CancellationToken),
                cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is AmazonS3Exception { ErrorCode: "BucketAlreadyOwnedByYou" })
        {
            // Another agent created it at the same time.
        }
    }

    internal static DateTimeOffset Utc(DateTime? time) =>
        time is { } t ? new DateTimeOffset(t.ToUniversalTime()) : default;
}
