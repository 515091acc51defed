using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Time;
using EtcdBackupAgent.Tests.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Spilling;

public sealed class SpillStreamTests : IDisposable
{
    private const int BlockBytes = 1 << 18;

    private readonly TestDirectory _directory = new();
    private readonly ManualTime _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public SpillStreamTests() => Directory.CreateDirectory(Scratch);

    private string Scratch => _directory["scratch"];

    private SpillOptions ToScratch => new() { Directory = Scratch, AllowsMemory = true };

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(BlockBytes)]
    [InlineData(BlockBytes + 1)]
    [InlineData(9_000_001)]
    public async Task The_content_is_unchanged_with_any_read_size(int length)
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(length);
        Random random = new(length);
        int[] sizes = [.. Enumerable.Range(0, 101).Select(_ => random.Next(1, 100_000))];
        await using SpillStream stream = new(new MemoryStream(bytes), ToScratch, TimeProvider.System);

        Assert.Equal(bytes, await TestBytes.ReadInPiecesAsync(stream, sizes));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task A_reader_that_reads_nothing_does_not_delay_the_source()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(20_000_001);
        WatchedSource source = new(bytes);
        await using SpillStream stream = new(source, ToScratch, _time);

        await UntilEndAsync(source);

        Assert.Empty(Directory.GetFileSystemEntries(Scratch));
        Assert.Equal(bytes, await ReadAllAsync(stream));
        Assert.Equal(0, await stream.ReadAsync(new byte[1]));
        Assert.InRange(stream.Report.SpilledBytesMax, bytes.Length - SpillStream.MemoryBytesMax, bytes.Length);
        Assert.Null(stream.Report.DelayReason);
        Assert.Equal(TimeSpan.Zero, stream.Report.Delay);
    }

    [Fact]
    public async Task A_slot_of_the_file_is_reused()
    {
        const int Blocks = 200;
        byte[] bytes = RandomNumberGenerator.GetBytes(Blocks * BlockBytes);
        WatchedSource source = new(bytes) { Allowed = 40 * BlockBytes };
        await using SpillStream stream = new(source, ToScratch, _time);
        await TestDeadline.UntilAsync(
            "the source to be waited for", () => Advanced(() => source.Position == source.Allowed));
        long before = stream.Report.SpilledBytesMax;
        byte[] block = new byte[BlockBytes];

        for (int i = 0; i < Blocks; i++)
        {
            await stream.ReadExactlyAsync(block);
            Assert.True(bytes.AsSpan(i * BlockBytes, BlockBytes).SequenceEqual(block));
            source.Allowed += BlockBytes;
        }

        Assert.InRange(before, 20 * BlockBytes, 40 * BlockBytes);
        Assert.InRange(stream.Report.SpilledBytesMax, before, 60 * BlockBytes);
    }

    [Fact]
    public async Task Nothing_is_spilled_if_the_reader_only_pauses_for_a_short_time()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(20_000_000);
        WatchedSource source = new(bytes);
        await using SpillStream stream = new(source, ToScratch, _time);
        await TestDeadline.UntilAsync(
            "memory to be full",
            () => Task.FromResult(source.Position >= SpillStream.MemoryBytesMax - (2 * BlockBytes)));

        // The clock does not advance, so the spill delay does not expire.
        Assert.Equal(bytes, await ReadAllAsync(stream));

        Assert.Equal(0, stream.Report.SpilledBytesMax);
    }

    [Theory]
    [InlineData(null, "is not encrypted")]
    [InlineData("missing", "missing")]
    public async Task Without_a_usable_directory_the_source_is_delayed_and_the_report_has_the_reason(
        string? directory, string reason)
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(20_000_000);
        WatchedSource source = new(bytes);
        SpillOptions options = new()
        {
            Directory = directory is null ? null : _directory[directory],
            NoDirectoryReason = "the repository is not encrypted",
        };
        await using SpillStream stream = new(source, options, _time);
        await TestDeadline.UntilAsync(
            "the source to be delayed", () => Advanced(() => stream.Report.DelayReason is not null));
        long delayedAt = source.Position;

        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(delayedAt, source.Position);
        Assert.Equal(bytes, await ReadAllAsync(stream));

        Assert.InRange(delayedAt, 1, SpillStream.MemoryBytesMax);
        Assert.InRange(stream.Report.Delay, TimeSpan.FromSeconds(10), TimeSpan.MaxValue);
        Assert.Contains(reason, stream.Report.DelayReason, StringComparison.Ordinal);
        Assert.Equal(0, stream.Report.SpilledBytesMax);
    }

    [Fact]
    public async Task A_directory_in_memory_is_not_used_unless_it_may_be_and_one_on_a_disk_always_is()
    {
        foreach (string directory in (string[])[Scratch, AppContext.BaseDirectory, "/dev/shm"])
        {
            WatchedSource source = new(RandomNumberGenerator.GetBytes(20_000_000));
            await using SpillStream stream = new(source, new SpillOptions { Directory = directory }, _time);
            await TestDeadline.UntilAsync(
                "the source to end or to be delayed",
                () => Advanced(() => source.HasEnded || stream.Report.DelayReason is not null));

            bool isInMemory = new DriveInfo(directory).DriveFormat is "tmpfs" or "ramfs";
            Assert.Equal(
                isInMemory ? $"the scratch directory '{directory}' is itself in memory" : null,
                stream.Report.DelayReason);
        }
    }

    [Fact]
    public async Task An_error_of_the_source_is_thrown_unchanged_after_the_bytes_before_it()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(12_000_000);
        WatchedSource source = new(bytes) { Failure = new InvalidDataException("the end of the test") };
        await using SpillStream stream = new(source, ToScratch, _time);
        await UntilEndAsync(source);
        byte[] read = new byte[bytes.Length / BlockBytes * BlockBytes];

        await stream.ReadExactlyAsync(read);
        Assert.Equal(bytes[..read.Length], read);
        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => stream.ReadAsync(read).AsTask());

        Assert.Equal("the end of the test", e.Message);
    }

    [Fact]
    public async Task Bytes_that_the_disk_changed_are_detected()
    {
        WatchedSource source = new(RandomNumberGenerator.GetBytes(20_000_000));
        await using SpillStream stream = new(source, ToScratch, _time);
        await UntilEndAsync(source);

        await FlipByteAsync(OpenFileBelow(Scratch));

        SpillException e = await Assert.ThrowsAsync<SpillException>(() => ReadAllAsync(stream));
        Assert.Contains(Scratch, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disposing_before_the_end_frees_the_disk_space()
    {
        WatchedSource source = new(RandomNumberGenerator.GetBytes(20_000_000));
        SpillStream stream = new(source, ToScratch, _time);
        await UntilEndAsync(source);
        Assert.NotNull(OpenFileBelow(Scratch));

        await stream.DisposeAsync();

        Assert.Throws<InvalidOperationException>(() => OpenFileBelow(Scratch));
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream)
    {
        using MemoryStream all = new();
        await stream.CopyToAsync(all);
        return all.ToArray();
    }

    /// <summary>
    /// Returns the path under <c>/proc/self/fd</c> of an open file that has no name in the directory.
    /// </summary>
    private static string OpenFileBelow(string directory) => Directory.EnumerateFiles("/proc/self/fd")
        .First(fd => new FileInfo(fd).LinkTarget?.StartsWith($"{directory}/", StringComparison.Ordinal) == true);

    private static async Task FlipByteAsync(string path)
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        file.Position = 100_000;
        int old = file.ReadByte();
        file.Position = 100_000;
        file.WriteByte((byte)(old ^ 1));
    }

    private Task UntilEndAsync(WatchedSource source) =>
        TestDeadline.UntilAsync("the source to be read to its end", () => Advanced(() => source.HasEnded));

    /// <summary>Lets the spill delay expire, then checks the condition.</summary>
    private Task<bool> Advanced(Func<bool> condition)
    {
        _time.Advance(SpillStream.SpillDelay);
        return Task.FromResult(condition());
    }

    /// <summary>A source in memory that counts the bytes that were read and can end with an error.</summary>
    private sealed class WatchedSource(byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        private readonly SemaphoreSlim _more = new(0);
        private long _allowed = long.MaxValue;

        public Exception? Failure { get; init; }

        /// <summary>The number of bytes that may be read. A read beyond it waits.</summary>
        public long Allowed
        {
            get => Volatile.Read(ref _allowed);
            set
            {
                Volatile.Write(ref _allowed, value);
                _more.Release();
            }
        }

        public bool HasEnded { get; private set; }

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            while (Position >= Allowed && Position < Length)
            {
                await _more.WaitAsync(cancellationToken);
            }

            int allowed = (int)Math.Min(buffer.Length, Allowed - Position);
            int read = await base.ReadAsync(buffer[..allowed], cancellationToken);
            HasEnded |= read == 0;
            return read > 0 || Failure is null ? read : throw Failure;
        }
    }
}
