using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using EtcdBackupAgent.Etcd.Streaming;
using Grpc.Net.Client;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Streaming;

public sealed class SnapshotStreamMemoryTests
{
    private const int BlobBytes = 32 * 1024;
    private const int Blobs = 1000;

    [Fact]
    public async Task Reading_allocates_no_memory_for_the_bytes_of_the_snapshot()
    {
        long allocated = await AllocatedByReadingAsync(Blobs);

        // A debug build allocates a few objects for each read. One buffer for each blob would exceed the limit.
        Assert.InRange(allocated, 0, (long)Blobs * BlobBytes / 16);
    }

    /// <summary>
    /// Bytes allocated while reading; every read completes at once, so all of it happens on this thread.
    /// </summary>
    private static async Task<long> AllocatedByReadingAsync(int blobs)
    {
        using GrpcChannel channel = GrpcChannel.ForAddress(
            "http://peer:2379",
            new GrpcChannelOptions { HttpHandler = new RepeatingPeer(blobs), DisposeHttpClient = true });
        await using SnapshotStream stream = await SnapshotStream.OpenAsync(
            "http://peer:2379",
            channel.CreateCallInvoker(),
            metadata: null,
            channel,
            TimeSpan.FromMinutes(1),
            TimeProvider.System,
            CancellationToken.None);
        byte[] buffer = new byte[128 * 1024];
        long received = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        int bytes;
        while ((bytes = await stream.ReadAsync(buffer)) > 0)
        {
            received += bytes;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(((long)blobs * BlobBytes) + SHA256.HashSizeInBytes, received);
        return allocated;
    }

    /// <summary>Responds to every call with a snapshot of zeros, below the library and without a network.</summary>
    private sealed class RepeatingPeer(int blobs) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage response = new()
            {
                Version = HttpVersion.Version20,
                Content = new StreamContent(new RepeatedFrames(blobs))
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") },
                },
            };
            response.TrailingHeaders.Add("grpc-status", "0");
            return Task.FromResult(response);
        }
    }

    /// <summary>A snapshot of zeros. Only one frame of it is in memory at a time.</summary>
    private sealed class RepeatedFrames : Stream
    {
        private readonly int _blobs;
        private readonly byte[] _middle;
        private readonly byte[] _last;
        private byte[] _frame;
        private int _framePosition;
        private int _framesDone;

        public RepeatedFrames(int blobs)
        {
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] blob = new byte[BlobBytes];
            for (int i = 0; i < blobs; i++)
            {
                hash.AppendData(blob);
            }

            _blobs = blobs;
            // Only the first message's remaining_bytes counts; the others have the same value.
            _frame = SnapshotMessages.Frame((ulong)(blobs - 1) * BlobBytes, blob);
            _middle = _frame;
            _last = SnapshotMessages.Frame(remainingBytes: 0, hash.GetHashAndReset());
        }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            // The library reads with an empty buffer to find out whether data is available.
            if (_framePosition == _frame.Length && !buffer.IsEmpty)
            {
                _framesDone++;
                _framePosition = 0;
                _frame = _framesDone < _blobs ? _middle : _framesDone == _blobs ? _last : [];
            }

            int bytes = Math.Min(buffer.Length, _frame.Length - _framePosition);
            _frame.AsSpan(_framePosition, bytes).CopyTo(buffer.Span);
            _framePosition += bytes;
            return ValueTask.FromResult(bytes);
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
