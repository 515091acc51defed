using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The upload of one object in several parts, some of them at the same time. The object is not visible under its key
/// until the last step. A failure or a cancellation before that aborts the upload, which removes the sent parts.
/// </summary>
internal sealed partial class MultipartUpload
{
    /// <summary>The number of parts that are sent at the same time; one more is read in the meantime.</summary>
    private const int PartsInFlightMax = 2;

    /// <summary>The time limit for aborting the upload, which ignores the caller's token.</summary>
    private static readonly TimeSpan AbortDeadline = TimeSpan.FromSeconds(15);

    /// <summary>S3 may assemble long objects for minutes before it responds.</summary>
    private static readonly TimeSpan CompletionTimeout = TimeSpan.FromMinutes(5);

    private readonly S3Connection _connection;
    private readonly PartBufferPool _buffers;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly string _key;
    private readonly ObjectLock? _wanted;
    private readonly List<(Task<StoredPart> Sending, int Bytes)> _inFlight = [];
    private readonly List<StoredPart> _stored = [];

    public MultipartUpload(
        S3Connection connection,
        PartBufferPool buffers,
        TimeProvider time,
        ILogger logger,
        string key,
        ObjectLock? wanted)
    {
        _connection = connection;
        _buffers = buffers;
        _time = time;
        _logger = logger;
        _key = key;
        _wanted = wanted;
    }

    /// <summary>The version that was stored; null if the bucket has no versions, or if it is not known.</summary>
    public string? VersionId { get; private set; }

    private string Bucket => _connection.Options.BucketName;

    private string FullKey => _connection.Options.KeyPrefix + _key;

    /// <summary>Stores a first part and the rest of the content.</summary>
    /// <remarks>
    /// 1. Start the upload. 2. Read parts and send them, several at a time. 3. Complete the upload. 4. On failure,
    /// abort it.
    /// </remarks>
    /// <returns>The number of bytes stored.</returns>
    public async Task<long> RunAsync(PartBuffer first, Stream content, CancellationToken cancellationToken)
    {
        // 1: a lost answer leaves an upload without parts, which shows among the pending ones.
        string uploadId = await StartAsync(cancellationToken);

        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // 2
            Send(uploadId, 1, first, stop);
            await SendRestAsync(uploadId, content, stop);

            // 3
            await CompleteAsync(uploadId, cancellationToken);
            return _stored.Sum(part => (long)part.Bytes);
        }
        catch (Exception e)
        {
            // 4
            await stop.CancelAsync();
            BackupException? cause = await WaitForPartsAsync();
            await AbortAsync(uploadId);
            if (cause is not null && cause != e && !cancellationToken.IsCancellationRequested)
            {
                // The reading, or another part, was only stopped because that part had failed.
                throw cause;
            }

            throw;
        }
    }

    private async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        InitiateMultipartUploadResponse answer = await _connection.RunAsync(
            S3Action.Store(_key),
            (client, attempt) => client.InitiateMultipartUploadAsync(
                new InitiateMultipartUploadRequest { BucketName = Bucket, Key = FullKey }
                    .With(_connection.Options.Objects, _wanted),
                attempt.CancellationToken),
            cancellationToken);
        return answer.UploadId;
    }

    private async Task SendRestAsync(string uploadId, Stream content, CancellationTokenSource stop)
    {
        for (int number = 2; ; number++)
        {
            if (number > UploadPlan.PartsMax)
            {
                throw new BackupException(
                    FailureReason.StoreFailed,
                    $"'{_key}' is longer than {UploadPlan.ObjectBytesMax} bytes, the maximum size of an object.");
            }

            int size = _connection.Options.Upload.PartBytes(number);
            await MakeRoomAsync(size);
            PartBuffer part = await PartBuffer.ReadAsync(content, size, _buffers, stop.Token);
            bool isLast = !part.IsFull;
            if (part.Bytes.Count > 0)
            {
                Send(uploadId, number, part, stop);
            }
            else
            {
                part.Dispose();
            }

            if (isLast)
            {
                break;
            }
        }

        while (_inFlight.Count > 0)
        {
            await TakeFinishedAsync();
        }
    }

    /// <summary>Waits until memory for another part of this size is available.</summary>
    private async Task MakeRoomAsync(int size)
    {
        while (_inFlight.Count >= PartsInFlightMax || !UploadPlan.Fits(_inFlight.Sum(part => (long)part.Bytes), size))
        {
            await TakeFinishedAsync();
        }
    }

    private async Task TakeFinishedAsync()
    {
        Task<StoredPart> finished = await Task.WhenAny(_inFlight.Select(part => part.Sending));
        _stored.Add(await finished);
        _inFlight.RemoveAll(part => part.Sending == finished);
    }

    private void Send(string uploadId, int number, PartBuffer part, CancellationTokenSource stop)
    {
        int bytes = part.Bytes.Count;
        _inFlight.Add((Task.Run(() => SendAsync(uploadId, number, part, stop), CancellationToken.None), bytes));
    }

    private async Task<StoredPart> SendAsync(
        string uploadId, int number, PartBuffer part, CancellationTokenSource stop)
    {
        using PartBuffer held = part;
        try
        {
            int bytes = part.Bytes.Count;
            ContentMd5 digest = ContentMd5.Of(part.Bytes);
            string etag = await _connection.RunAsync(
                S3Action.StorePart(_key, number),
                async (client, attempt) =>
                {
                    await using Stream body = attempt.Body(part.Bytes);
                    UploadPartResponse answer = await client.UploadPartAsync(
                        new UploadPartRequest
                        {
                            BucketName = Bucket,
                            Key = FullKey,
                            UploadId = uploadId,
                            PartNumber = number,
                            PartSize = bytes,
                            InputStream = body,
                            MD5Digest = digest.Base64,
                            UseChunkEncoding = false,
                            DisablePayloadSigning = _connection.IsEncrypted,
                        },
                        attempt.CancellationToken);
                    digest.CheckAgainst(answer.ETag, answer.ServerSideEncryptionMethod);
                    return answer.ETag;
                },
                stop.Token);
            return new StoredPart(number, bytes, etag, digest);
        }
        catch
        {
            // Stop reading the content, because the upload has failed.
            await stop.CancelAsync();
            throw;
        }
    }

    private async Task CompleteAsync(string uploadId, CancellationToken cancellationToken)
    {
        _stored.Sort((one, other) => one.Number.CompareTo(other.Number));
        try
        {
            CompleteMultipartUploadResponse answer = await _connection.RunAsync(
                S3Action.Complete(_key),
                (client, attempt) =>
                {
                    attempt.Allow(CompletionTimeout);
                    return client.CompleteMultipartUploadAsync(
                        new CompleteMultipartUploadRequest
                        {
                            BucketName = Bucket,
                            Key = FullKey,
                            UploadId = uploadId,
                            PartETags = [.. _stored.Select(part => new PartETag(part.Number, part.ETag))],
                        },
                        attempt.CancellationToken);
                },
                cancellationToken);
            VersionId = answer.VersionId;
        }
        catch (BackupException) when (!cancellationToken.IsCancellationRequested)
        {
            // The response of a successful attempt may have been lost; the next attempt then finds no upload.
            if (!await IsCompleteAsync(uploadId, cancellationToken))
            {
                throw;
            }
        }
    }

    /// <summary>
    /// Returns whether the object exists and can only be this upload's: it has the digest of the parts; or it has their
    /// length, and the upload no longer exists.
    /// </summary>
    private async Task<bool> IsCompleteAsync(string uploadId, CancellationToken cancellationToken)
    {
        GetObjectMetadataResponse existing;
        try
        {
            existing = await _connection.HeadAsync(_key, cancellationToken);
        }
        catch (BackupException)
        {
            // The caller throws the reason why the upload could not be completed.
            return false;
        }

        return ContentMd5.OfParts([.. _stored.Select(part => part.Digest)]).Matches(existing.ETag)
            || (_stored.Exists(part => !part.Digest.Matches(part.ETag))
                && existing.ContentLength == _stored.Sum(part => (long)part.Bytes)
                && await IsGoneAsync(uploadId, cancellationToken));
    }

    private async Task<bool> IsGoneAsync(string uploadId, CancellationToken cancellationToken)
    {
        try
        {
            await _connection.RunAsync(
                S3Action.InspectUpload(_key),
                (client, attempt) => client.ListPartsAsync(
                    new ListPartsRequest { BucketName = Bucket, Key = FullKey, UploadId = uploadId, MaxParts = 1 },
                    attempt.CancellationToken),
                cancellationToken);
            return false;
        }
        catch (BackupException e) when (e.InnerException is Amazon.S3.AmazonS3Exception { ErrorCode: "NoSuchUpload" })
        {
            return true;
        }
    }

    /// <summary>Waits until no part is being sent: a part that arrives after the abort would remain.</summary>
    /// <returns>The failure of one of them; null if none failed, or only because it was stopped.</returns>
    private async Task<BackupException?> WaitForPartsAsync()
    {
        Task all = Task.WhenAll(_inFlight.Select(part => part.Sending));
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return _inFlight
            .Select(part => part.Sending.Exception?.InnerException)
            .OfType<BackupException>()
            .FirstOrDefault();
    }

    private async Task AbortAsync(string uploadId)
    {
        using CancellationTokenSource deadline = new(AbortDeadline, _time);
        try
        {
            await _connection.AbortAsync(_key, uploadId, deadline.Token);
        }
        catch (Exception e) when (e is BackupException or OperationCanceledException)
        {
            // The caller throws the reason why the upload failed. The remains are listed as a pending upload, which
            // prune aborts.
            LogAbortFailed(_key, _connection.Options.Address, e.Message);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The unfinished upload of {Key} to {Store} could not be aborted and remains until prune removes it: "
            + "{Error}")]
    private partial void LogAbortFailed(string key, string store, string error);

    private sealed record StoredPart(int Number, int Bytes, string ETag, ContentMd5 Digest);
}
