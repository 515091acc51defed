using System.Security.Cryptography;
using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Streams;

public sealed class ReadAheadStreamTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 18)]
    [InlineData((1 << 18) + 1)]
    [InlineData(3_000_000)]
    public async Task The_content_is_unchanged_with_any_read_size(int length)
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(length);
        Random random = new(length);
        int[] sizes = [.. Enumerable.Range(0, 101).Select(_ => random.Next(1, 100_000))];
        await using ReadAheadStream stream = new(new MemoryStream(bytes));

        Assert.Equal(bytes, await TestBytes.ReadInPiecesAsync(stream, sizes));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task An_error_of_the_source_is_thrown_unchanged_after_the_bytes_before_it()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(600_000);
        await using ReadAheadStream stream = new(new FailingStream(bytes));
        byte[] buffer = new byte[1 << 18];

        await stream.ReadExactlyAsync(buffer);
        Assert.Equal(bytes[..buffer.Length], buffer);
        await stream.ReadExactlyAsync(buffer);
        ArchiveDamagedException e = await Assert.ThrowsAsync<ArchiveDamagedException>(
            () => stream.ReadAsync(buffer).AsTask());
        Assert.Equal("the end of the test", e.Message);
    }

    [Fact]
    public async Task Disposing_cancels_a_read_of_the_source_that_never_completes()
    {
        SilentStream source = new();
        ReadAheadStream stream = new(source);
        await source.ReadStarted;

        await stream.DisposeAsync();

        Assert.True(source.IsCancelled);
    }

    /// <summary>Throws instead of returning the end.</summary>
    private sealed class FailingStream(byte[] bytes) : PullStream(new MemoryStream(bytes))
    {
        protected override int Pull(Span<byte> buffer) => Check(Source.Read(buffer));

        protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken) =>
            Check(await Source.ReadAsync(buffer, cancellationToken));

        private static int Check(int bytes) =>
            bytes > 0 ? bytes : throw new ArchiveDamagedException("the end of the test");
    }

    /// <summary>A source whose reads never complete.</summary>
    private sealed class SilentStream() : PullStream(Null)
    {
        private readonly TaskCompletionSource _readStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task ReadStarted => _readStarted.Task;

        public bool IsCancelled { get; private set; }

        protected override int Pull(Span<byte> buffer) => throw new NotSupportedException();

        protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            _readStarted.TrySetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                return 0;
            }
            finally
            {
                IsCancelled = cancellationToken.IsCancellationRequested;
            }
        }
    }
}
