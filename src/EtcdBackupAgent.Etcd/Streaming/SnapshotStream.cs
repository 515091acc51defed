using System.Globalization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Failures;
using EtcdBackupAgent.Snapshots;
using Grpc.Core;

namespace EtcdBackupAgent.Etcd.Streaming;

/// <summary>etcd's snapshot as a read-only stream: the database and its SHA-256 trailer.</summary>
/// <remarks>
/// Reading:
/// <list type="number">
/// <item>Read messages until one has bytes of the database.</item>
/// <item>Copy as many of the bytes to the caller as fit.</item>
/// <item>
/// Before the last byte is returned, verify the end: nothing follows, the call's status is OK, and the trailer is the
/// SHA-256 of all bytes before it. So a snapshot is complete if every byte of it was read.
/// </item>
/// </list>
/// Source: <c>Maintenance.Snapshot</c> in etcd's <c>server/etcdserver/api/v3rpc/maintenance.go</c>.
/// </remarks>
internal sealed class SnapshotStream : ForwardOnlyStream, IDigestedStream
{
    private readonly string _endpoint;
    private readonly IDisposable _connection;
    private readonly TimeSpan _noProgressTimeout;
    private readonly CancellationTokenSource _stop;
    private readonly AsyncServerStreamingCall<SnapshotChunk> _call;
    private readonly SnapshotTrailerCheck _trailer = new();
    private SnapshotChunk? _chunk;
    private long _receivedBytes;
    private Sha256Digest? _digest;
    private bool _isVerified;

    private SnapshotStream(
        string endpoint,
        CallInvoker calls,
        Metadata? metadata,
        IDisposable connection,
        TimeSpan noProgressTimeout,
        TimeProvider timeProvider)
    {
        _endpoint = endpoint;
        _connection = connection;
        _noProgressTimeout = noProgressTimeout;
        _stop = new CancellationTokenSource(noProgressTimeout, timeProvider);
        _call = calls.AsyncServerStreamingCall(
            SnapshotChunk.Method,
            host: null,
            new CallOptions(metadata, cancellationToken: _stop.Token),
            new SnapshotRequest());
    }

    /// <summary>Bytes of the database and its trailer, as announced by the first message.</summary>
    public long SizeBytes { get; private set; }

    /// <inheritdoc />
    public long BytesRead => _receivedBytes;

    /// <summary>
    /// Makes the call and reads its first message, which announces the size; the stream then owns the connection.
    /// </summary>
    /// <exception cref="TimeoutException">No message arrived in time.</exception>
    /// <exception cref="RpcException">The call ended without a message, or the message is not a snapshot's.</exception>
    public static async Task<SnapshotStream> OpenAsync(
        string endpoint,
        CallInvoker calls,
        Metadata? metadata,
        IDisposable connection,
        TimeSpan noProgressTimeout,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        SnapshotStream stream = new(endpoint, calls, metadata, connection, noProgressTimeout, timeProvider);
        try
        {
            await using CancellationTokenRegistration registration = stream.StopWith(cancellationToken);
            SnapshotChunk first = await stream.NextChunkAsync(cancellationToken)
                ?? throw Invalid("the snapshot stream ended before its first message");
            stream.SizeBytes = AnnouncedSize(first);
            stream._stop.CancelAfter(Timeout.InfiniteTimeSpan);
            return stream;
        }
        catch
        {
            stream.EndCall();
            throw;
        }
    }

    /// <inheritdoc />
    public Sha256Digest Digest() => _digest ?? throw new InvalidOperationException(
        $"The digest is known only at the end of the snapshot; {_receivedBytes} of {SizeBytes} bytes were read.");

    /// <inheritdoc />
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotBroken"/>, naming endpoint and bytes.
    /// </exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _isVerified)
        {
            return 0;
        }

        // One timeout for the whole read: empty messages do not count as progress.
        _stop.CancelAfter(_noProgressTimeout);
        await using CancellationTokenRegistration registration = StopWith(cancellationToken);
        try
        {
            int bytes = await ReadBlobAsync(buffer, cancellationToken);
            _trailer.Append(buffer.Span[..bytes]);
            _receivedBytes += bytes;
            if (_receivedBytes > SizeBytes)
            {
                throw BrokenStream("sent more than it announced");
            }

            if (_receivedBytes == SizeBytes)
            {
                await VerifyEndAsync(cancellationToken);
            }

            _stop.CancelAfter(Timeout.InfiniteTimeSpan);
            return bytes;
        }
        catch (TimeoutException e)
        {
            throw BrokenStream($"made no progress for {_noProgressTimeout.TotalSeconds:0.###} s", e);
        }
        catch (RpcException e)
        {
            throw BrokenStream(EtcdFailure.DescribeEnd(e), e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            EndCall();
            _connection.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The first message announces the bytes that follow it; the trailer is not counted.</summary>
    private static long AnnouncedSize(SnapshotChunk first)
    {
        long firstBytes = first.BlobBytes + SnapshotTrailerCheck.TrailerSizeBytes;
        return first.RemainingBytes <= (ulong)(long.MaxValue - firstBytes)
            ? (long)first.RemainingBytes + firstBytes
            : throw Invalid($"the snapshot announces {first.RemainingBytes} bytes");
    }

    private static RpcException Invalid(string why) => new(new Status(StatusCode.Internal, why));

    private async ValueTask<int> ReadBlobAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (_chunk is not { IsEmpty: false })
        {
            if (await NextChunkAsync(cancellationToken) is null)
            {
                throw BrokenStream("ended early");
            }
        }

        return _chunk.CopyNext(buffer.Span);
    }

    /// <summary>Verifies the end. Messages without bytes of the database can still follow, then the status.</summary>
    private async ValueTask VerifyEndAsync(CancellationToken cancellationToken)
    {
        do
        {
            if (_chunk is { IsEmpty: false })
            {
                throw BrokenStream("sent more than it announced");
            }
        }
        while (await NextChunkAsync(cancellationToken) is not null);

        if (_trailer.Finish() is not SnapshotTrailerResult.Valid and var result)
        {
            throw BrokenStream(result == SnapshotTrailerResult.Missing
                ? "does not have the size of a database and its SHA-256"
                : "does not match its own SHA-256");
        }

        _digest = new Sha256Digest(_trailer.FinishWhole());
        _isVerified = true;
    }

    private CancellationTokenRegistration StopWith(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop);

    /// <summary>
    /// Reads the next message, which replaces the current one; null at the end, if the call's status is OK.
    /// </summary>
    /// <exception cref="TimeoutException">No message arrived in time.</exception>
    /// <exception cref="RpcException">The call ended with another status, or the connection is lost.</exception>
    private async ValueTask<SnapshotChunk?> NextChunkAsync(CancellationToken cancellationToken)
    {
        _chunk?.Dispose();
        _chunk = null;
        try
        {
            if (await _call.ResponseStream.MoveNext(CancellationToken.None))
            {
                _chunk = _call.ResponseStream.Current;
            }

            return _chunk;
        }
        catch (RpcException e) when (_stop.IsCancellationRequested)
        {
            throw cancellationToken.IsCancellationRequested
                ? new OperationCanceledException("Reading the snapshot was cancelled.", e, cancellationToken)
                : new TimeoutException("The snapshot stream made no progress.", e);
        }
    }

    private void EndCall()
    {
        _call.Dispose();
        _chunk?.Dispose();
        _trailer.Dispose();
        _stop.Dispose();
    }

    private BackupException BrokenStream(string what, Exception? innerException = null) => new(
        FailureReason.SnapshotBroken,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{_endpoint}: the snapshot stream {what}, after {_receivedBytes} of {SizeBytes} bytes."),
        innerException)
    {
        Hint = "The incomplete snapshot was discarded. Take another one; if it fails again, read the member's log.",
    };
}
