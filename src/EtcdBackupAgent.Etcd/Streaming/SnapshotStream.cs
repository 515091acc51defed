using System.Globalization;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Grpc;
using EtcdBackupAgent.Snapshots;

namespace EtcdBackupAgent.Etcd.Streaming;

/// <summary>
/// etcd's snapshot as a read-only stream: the database and its SHA-256 trailer. The database's bytes go from the HTTP/2 stream's
/// buffer straight into the reader's; only what lies between them passes through a small buffer of its own.
/// </summary>
/// <remarks>
/// Reading:
/// <list type="number">
/// <item>Structure (frame headers, tags, other fields) is read until bytes of the database come.</item>
/// <item>They are copied from the small buffer if they are there, else read into the caller's.</item>
/// <item>With the last byte, before it is handed out, the end is proved: nothing follows, the call's status is OK, and the trailer
/// is the SHA-256 of all before it. So a snapshot of which every byte was read is whole.</item>
/// </list>
/// etcd's server: <c>Maintenance.Snapshot</c> in <c>server/etcdserver/api/v3rpc/maintenance.go</c>.
/// </remarks>
internal sealed class SnapshotStream : Stream, IDigestedStream
{
    /// <summary>Bytes of the small buffer: etcd sends some 40 bytes between two blobs of 32 KiB.</summary>
    private const int StructureBufferBytes = 1024;

    private readonly string _endpoint;
    private readonly GrpcAnswer _answer;
    private readonly IDisposable _connection;
    private readonly TimeSpan _noProgressTimeout;
    private readonly CancellationTokenSource _stop;
    private readonly SnapshotDecoder _decoder = new();
    private readonly SnapshotTrailerCheck _trailer = new();
    private readonly byte[] _structureBuffer = new byte[StructureBufferBytes];
    private ReadOnlyMemory<byte> _buffered;
    private long _receivedBytes;
    private Sha256Digest? _digest;
    private bool _proved;

    private SnapshotStream(
        string endpoint, GrpcAnswer answer, IDisposable connection, TimeSpan noProgressTimeout, TimeProvider timeProvider)
    {
        _endpoint = endpoint;
        _answer = answer;
        _connection = connection;
        _noProgressTimeout = noProgressTimeout;
        _stop = new CancellationTokenSource(Timeout.InfiniteTimeSpan, timeProvider);
    }

    /// <summary>Bytes of the database and its trailer, as the first message told.</summary>
    public long SizeBytes { get; private set; }

    /// <inheritdoc />
    public long BytesRead => _receivedBytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads the first message, which tells the size; the stream then owns the answer and the connection.</summary>
    /// <exception cref="GrpcException">The call ended without a message, or the message is not a snapshot's.</exception>
    public static async Task<SnapshotStream> OpenAsync(
        string endpoint,
        GrpcAnswer answer,
        IDisposable connection,
        TimeSpan noProgressTimeout,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        byte[]? first = await answer.ReadMessageAsync(cancellationToken);
        if (first is null)
        {
            answer.Status.ThrowUnlessOk();
            throw new GrpcException(GrpcStatusCode.Internal, "the snapshot stream ended before its first message");
        }

        byte[] frame = new byte[GrpcFrame.HeaderSizeBytes + first.Length];
        GrpcFrame.WriteHeader(frame);
        first.CopyTo(frame, GrpcFrame.HeaderSizeBytes);
        long sizeBytes = SizeFrom(frame);
        return new SnapshotStream(endpoint, answer, connection, noProgressTimeout, timeProvider)
        {
            _buffered = frame,
            SizeBytes = sizeBytes,
        };
    }

    /// <inheritdoc />
    public Sha256Digest Digest() => _digest ?? throw new InvalidOperationException(
        $"The digest is known only at the end of the snapshot; {_receivedBytes} of {SizeBytes} bytes were read so far.");

    /// <inheritdoc />
    /// <exception cref="BackupException"><see cref="FailureReason.SnapshotBroken"/>, naming endpoint and bytes.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _proved)
        {
            return 0;
        }

        // One clock for all that this read waits for: empty messages are no progress.
        _stop.CancelAfter(_noProgressTimeout);
        await using CancellationTokenRegistration registration =
            cancellationToken.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop);
        try
        {
            await ReadStructureAsync();
            int bytes = await ReadBlobAsync(buffer);
            _decoder.TakeBlob(bytes);
            _trailer.Append(buffer.Span[..bytes]);
            _receivedBytes += bytes;
            if (_receivedBytes > SizeBytes)
            {
                throw Broken("sent more than it announced");
            }

            if (_receivedBytes == SizeBytes)
            {
                await ProveEndAsync();
            }

            _stop.CancelAfter(Timeout.InfiniteTimeSpan);
            return bytes;
        }
        catch (Exception e) when (EtcdFailure.IsKnown(e) && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("Reading the snapshot was cancelled.", e, cancellationToken);
        }
        catch (OperationCanceledException e)
        {
            throw Broken($"made no progress for {_noProgressTimeout.TotalSeconds:0.###} s", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Broken($"broke off: {EtcdFailure.Describe(e)}", e);
        }
        catch (GrpcException e)
        {
            throw Broken($"failed: {e.Message}", e);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("A snapshot is read asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _answer.Dispose();
            _connection.Dispose();
            _trailer.Dispose();
            _stop.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The first message announces the bytes that follow it; the trailer is not among them.</summary>
    private static long SizeFrom(ReadOnlySpan<byte> firstFrame)
    {
        SnapshotDecoder decoder = new();
        long blobBytes = 0;
        while (!firstFrame.IsEmpty)
        {
            firstFrame = firstFrame[decoder.TakeStructure(firstFrame)..];
            blobBytes += decoder.BlobBytesNext;
            firstFrame = firstFrame[decoder.BlobBytesNext..];
            decoder.TakeBlob(decoder.BlobBytesNext);
        }

        long knownBytes = blobBytes + SnapshotTrailerCheck.TrailerSizeBytes;
        return decoder.RemainingBytes <= (ulong)(long.MaxValue - knownBytes)
            ? (long)decoder.RemainingBytes + knownBytes
            : throw new GrpcException(GrpcStatusCode.Internal, $"the snapshot announces {decoder.RemainingBytes} bytes");
    }

    /// <summary>Reads until bytes of the database come next.</summary>
    private async ValueTask ReadStructureAsync()
    {
        while (_decoder.BlobBytesNext == 0)
        {
            if (_buffered.IsEmpty && !await FillAsync())
            {
                _answer.Status.ThrowUnlessOk();
                throw Broken("ended early");
            }

            _buffered = _buffered[_decoder.TakeStructure(_buffered.Span)..];
        }
    }

    private async ValueTask<int> ReadBlobAsync(Memory<byte> buffer)
    {
        buffer = buffer[..Math.Min(buffer.Length, _decoder.BlobBytesNext)];
        if (_buffered.IsEmpty)
        {
            int bytes = await _answer.ReadAsync(buffer, _stop.Token);
            if (bytes == 0)
            {
                _answer.Status.ThrowUnlessOk();
                throw Broken("ended early");
            }

            return bytes;
        }

        int buffered = Math.Min(buffer.Length, _buffered.Length);
        _buffered[..buffered].CopyTo(buffer);
        _buffered = _buffered[buffered..];
        return buffered;
    }

    /// <summary>Messages without bytes of the database may still follow; then the status, and with it the end.</summary>
    private async ValueTask ProveEndAsync()
    {
        do
        {
            _buffered = _buffered[_decoder.TakeStructure(_buffered.Span)..];
            if (_decoder.BlobBytesNext > 0)
            {
                throw Broken("sent more than it announced");
            }
        }
        while (await FillAsync());

        _answer.Status.ThrowUnlessOk();
        if (!_decoder.IsBetweenMessages)
        {
            throw Broken("ended within a message");
        }

        if (_trailer.Finish() is not SnapshotTrailerResult.Valid and var result)
        {
            throw Broken(result == SnapshotTrailerResult.Missing
                ? "has a size that is not that of a database and its SHA-256"
                : "does not match its own SHA-256");
        }

        _digest = new Sha256Digest(_trailer.FinishWhole());
        _proved = true;
    }

    private async ValueTask<bool> FillAsync()
    {
        int bytes = await _answer.ReadAsync(_structureBuffer, _stop.Token);
        _buffered = _structureBuffer.AsMemory(0, bytes);
        return bytes > 0;
    }

    private BackupException Broken(string what, Exception? innerException = null) => new(
        FailureReason.SnapshotBroken,
        string.Create(
            CultureInfo.InvariantCulture,
            $"{_endpoint}: the snapshot stream {what}, after {_receivedBytes} of {SizeBytes} bytes."),
        innerException)
    {
        Hint = "Nothing was kept of this snapshot; take another one, and look at the member's log if it happens again.",
    };
}
