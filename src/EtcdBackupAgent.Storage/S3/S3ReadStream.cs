using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using ByteRange = EtcdBackupAgent.Core.Stores.ByteRange;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// An object that is read from the network. If the connection breaks, the rest is requested on a new connection,
/// provided that the object has not changed. Either every promised byte is returned, or the read fails.
/// </summary>
internal sealed class S3ReadStream : ForwardOnlyStream, ILockedContent
{
    /// <summary>The number of times the connection may break before <see cref="ProgressBytes"/> arrive.</summary>
    private const int BreaksMax = 5;

    /// <summary>After this many bytes, earlier breaks no longer count.</summary>
    private const long ProgressBytes = 8 << 20;

    private readonly S3Connection _connection;
    private readonly ObjectKey _key;
    private readonly string? _versionId;
    private readonly string _etag;
    private readonly long _end;
    private GetObjectResponse? _answer;
    private long _position;
    private long _forgetBreaksAt;
    private int _breaks;

    private S3ReadStream(
        S3Connection connection, ObjectKey key, string? versionId, GetObjectResponse answer, long start, long length)
    {
        _connection = connection;
        _key = key;
        _versionId = versionId;
        Lock = ObjectHeaders.LockOf(answer.ObjectLockMode, answer.ObjectLockRetainUntilDate);
        _answer = answer;
        _etag = answer.ETag;
        _position = start;
        _end = start + length;
    }

    public ObjectLock? Lock { get; }

    /// <summary>Requests the newest version of the object, or a part of it.</summary>
    /// <inheritdoc cref="OpenAsync(S3Connection, ObjectKey, string, ByteRange?, CancellationToken)"/>
    public static Task<Stream> OpenAsync(
        S3Connection connection, ObjectKey key, ByteRange? range, CancellationToken cancellationToken) =>
        OpenAsync(connection, key, versionId: null, range, cancellationToken);

    /// <summary>Requests a version of the object, or a part of it.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.ObjectNotFound"/>, or the server's reason.
    /// </exception>
    public static async Task<Stream> OpenAsync(
        S3Connection connection,
        ObjectKey key,
        string? versionId,
        ByteRange? range,
        CancellationToken cancellationToken)
    {
        long start = range?.Offset ?? 0;
        // HTTP has no empty range: one byte is requested and not returned.
        string? header = range is { } r ? RangeHeader(start, r.Length is { } l ? start + Math.Max(l, 1) : null) : null;
        try
        {
            GetObjectResponse answer = await GetAsync(connection, key, versionId, header, cancellationToken);
            return new S3ReadStream(
                connection,
                key,
                versionId,
                answer,
                start,
                Math.Min(answer.ContentLength, range?.Length ?? answer.ContentLength));
        }
        catch (BackupException e) when (IsPastEnd(e))
        {
            return Stream.Null;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == _end || buffer.IsEmpty)
        {
            return 0;
        }

        Memory<byte> wanted = buffer[..(int)Math.Min(buffer.Length, _end - _position)];
        while (true)
        {
            _answer ??= await ResumeAsync(cancellationToken);
            try
            {
                int count = await ReadSomeAsync(_answer, wanted, cancellationToken);
                _position += count;
                return count;
            }
            catch (Exception e) when (e is IOException or HttpRequestException or TimeoutException or AmazonS3Exception)
            {
                _answer.Dispose();
                _answer = null;
                CountBreak(e);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _answer?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<int> ReadSomeAsync(
        GetObjectResponse answer, Memory<byte> wanted, CancellationToken cancellationToken)
    {
        using S3Attempt attempt = _connection.Attempt(cancellationToken);
        try
        {
            int count = await answer.ResponseStream.ReadAsync(wanted, attempt.CancellationToken);
            return count > 0
                ? count
                : throw new EndOfStreamException($"the response ended {_end - _position} bytes before its end.");
        }
        catch (OperationCanceledException) when (attempt.Stalled)
        {
            throw attempt.Timeout();
        }
    }

    private void CountBreak(Exception exception)
    {
        if (_position >= _forgetBreaksAt)
        {
            _breaks = 0;
            _forgetBreaksAt = _position + ProgressBytes;
        }

        if (++_breaks > BreaksMax)
        {
            throw S3Errors.Translate(exception, S3Action.Read(_key.Value, _position), _connection.Options);
        }
    }

    private async Task<GetObjectResponse> ResumeAsync(CancellationToken cancellationToken)
    {
        GetObjectResponse answer = await GetAsync(
            _connection, _key, _versionId, RangeHeader(_position, _end), cancellationToken);
        if (answer.ETag == _etag && answer.ContentLength == _end - _position)
        {
            return answer;
        }

        // If-Match is not used: Ceph 16 refuses the quotes that AWS requires.
        answer.Dispose();
        throw new BackupException(
            FailureReason.StoreFailed,
            $"'{_key}' in {_connection.Options.Address} was replaced while it was being read.");
    }

    private static Task<GetObjectResponse> GetAsync(
        S3Connection connection,
        ObjectKey key,
        string? versionId,
        string? range,
        CancellationToken cancellationToken) =>
        connection.RunAsync(
            versionId is null ? S3Action.Read(key.Value) : S3Action.ReadVersion(key.Value),
            (client, attempt) => client.GetObjectAsync(
                new GetObjectRequest
                {
                    BucketName = connection.Options.BucketName,
                    Key = connection.Options.KeyPrefix + key,
                    VersionId = versionId,
                    ByteRange = range is null ? null : new Amazon.S3.Model.ByteRange(range),
                },
                attempt.CancellationToken),
            cancellationToken);

    private static string RangeHeader(long start, long? end) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"bytes={start}-{end - 1}");

    private static bool IsPastEnd(BackupException e) =>
        e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.RequestedRangeNotSatisfiable };
}
