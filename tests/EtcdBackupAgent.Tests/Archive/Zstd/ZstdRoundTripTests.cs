using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Tests.Archive.Streams;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Zstd;

public sealed class ZstdRoundTripTests
{
    [Fact]
    public void Compressed_content_is_restored_with_any_size_level_and_read_size()
    {
        var cases =
            from sizeBits in Gen.Choose(0, 22)
            from size in Gen.Choose(0, 1 << sizeBits)
            from seed in Gen.Choose(0, int.MaxValue)
            from level in Gen.Choose(-5, 9)
            from workers in Gen.Choose(0, 2)
            from pieces in Gen.NonEmptyListOf(Gen.Choose(1, 200_000))
            select (size, seed, level, workers, pieces: pieces.Append(1000).ToArray());

        Prop.ForAll(
            Arb.From(cases),
            c => RoundTripsAsync(c.size, c.seed, c.level, c.workers, c.pieces).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void A_pledged_size_is_written_to_the_header_and_a_source_of_another_size_fails()
    {
        byte[] plain = TestBytes.Mixed(1, 1000);

        byte[] frame = ZstdTestFrames.Compress(plain, new() { PledgedSizeBytes = 1000 });

        // RFC 8878 section 3.1.1.1: descriptor 0x64 = content size of 2 bytes, single segment, checksum; the stored
        // size is the size minus 256.
        Assert.Equal(0x64, frame[4]);
        Assert.Equal(1000 - 256, BitConverter.ToUInt16(frame, 5));
        Assert.Equal(plain, ZstdTestFrames.Decompress(frame));
        foreach (long pledged in new long[] { 0, 999, 1001, long.MaxValue })
        {
            IOException e = Assert.Throws<IOException>(
                () => ZstdTestFrames.Compress(plain, new() { PledgedSizeBytes = pledged }));
            Assert.Contains($"{pledged} were expected", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_frame_has_a_checksum()
    {
        const byte checksumFlag = 0x04;

        Assert.Equal(checksumFlag, ZstdTestFrames.Compress([])[4] & checksumFlag);
    }

    [Theory]
    [InlineData(23, 0, "Level")]
    [InlineData(-200_000, 0, "Level")]
    [InlineData(3, -1, "Workers")]
    [InlineData(3, 100_000, "Workers")]
    public void An_option_out_of_range_is_reported_with_its_range(int level, int workers, string name)
    {
        ZstdCompressionOptions options = new() { Level = level, Workers = workers };

        ArgumentOutOfRangeException e = Assert.Throws<ArgumentOutOfRangeException>(options.Validate);

        Assert.Equal(name, e.ParamName);
        Assert.Contains("must be from", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ZstdTestFrames.Compress([], options));
    }

    [Fact]
    public void A_missing_library_is_reported_with_the_package_to_install()
    {
        ZstdUnavailableException e = Assert.Throws<ZstdUnavailableException>(
            () => ZstdLibrary.Load("libzstd-that-is-not-there.so.1"));

        Assert.Contains("libzstd-that-is-not-there.so.1", e.Message, StringComparison.Ordinal);
        Assert.Contains("install the package libzstd1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_can_be_cancelled_and_an_error_of_the_source_passes_through()
    {
        await using ZstdCompressionStream stream = new(new FailingStream(), new());

        await Assert.ThrowsAsync<TaskCanceledException>(
            () => stream.CopyToAsync(Stream.Null, new CancellationToken(canceled: true)));
        TimeoutException e = await Assert.ThrowsAsync<TimeoutException>(() => stream.CopyToAsync(Stream.Null));
        Assert.Equal("the source", e.Message);
    }

    [Fact]
    public void Compressing_and_decompressing_256_MiB_needs_constant_memory()
    {
        const long plainBytes = 256L << 20;
        byte[] buffer = new byte[1 << 20];
        using DigestingStream plain = new(new EndlessBytes(plainBytes));
        using ZstdCompressionStream compressed = new(plain, new() { Level = -1 });
        using DigestingStream stored = new(compressed);
        using ZstdDecompressionStream decompressed = new(stored);
        using DigestingStream restored = new(decompressed);
        Assert.True(restored.Read(buffer) > 0);
        long workingSetBefore = Environment.WorkingSet;
        long allocatedBefore = GC.GetAllocatedBytesForCurrentThread();

        while (restored.Read(buffer) > 0)
        {
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocatedBefore, 0, 1 << 20);
        Assert.InRange(Environment.WorkingSet - workingSetBefore, long.MinValue, 100 << 20);
        Assert.Equal(plainBytes, restored.BytesRead);
        Assert.Equal(plain.Digest(), restored.Digest());
        Assert.InRange(stored.BytesRead, 1, plainBytes);
    }

    private static async Task<bool> RoundTripsAsync(int size, int seed, int level, int workers, int[] pieces)
    {
        byte[] plain = TestBytes.Mixed(seed, size);
        ZstdCompressionOptions options = new() { Level = level, Workers = workers };
        await using ZstdCompressionStream compressed = new(new RaggedStream(plain, seed), options);
        byte[] stored = await TestBytes.ReadInPiecesAsync(compressed, pieces);
        await using ZstdDecompressionStream restored = new(new RaggedStream(stored, seed));
        byte[] read = await TestBytes.ReadInPiecesAsync(restored, [.. pieces.Reverse()]);
        return plain.AsSpan().SequenceEqual(read);
    }

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new TimeoutException("the source");
    }
}
