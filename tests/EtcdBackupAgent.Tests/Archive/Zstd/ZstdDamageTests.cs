using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Zstd;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Zstd;

public sealed class ZstdDamageTests
{
    /// <summary>
    /// Half of it is compressible, so the frame has literals, sequences and enough bytes to truncate.
    /// </summary>
    private static readonly byte[] Plain = HalfRandom(seed: 3, length: 600);

    private static readonly byte[] Frame = ZstdTestFrames.Compress(Plain);

    [Fact]
    public void A_frame_that_is_truncated_at_any_byte_is_damaged_at_that_offset()
    {
        Assert.InRange(Frame.Length, 300, 600);
        for (int length = 0; length < Frame.Length; length++)
        {
            ArchiveDamagedException e = Assert.Throws<ArchiveDamagedException>(
                () => ZstdTestFrames.Decompress(Frame[..length]));
            Assert.Contains($"at byte offset {length}: ", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_changed_byte_at_any_offset_is_detected()
    {
        int harmless = 0;
        for (int offset = 0; offset < Frame.Length; offset++)
        {
            foreach (byte flip in new byte[] { 0x01, 0x10, 0x80, 0xFF })
            {
                byte[] changed = [.. Frame];
                changed[offset] ^= flip;
                byte[]? plain = null;
                Exception? e = Record.Exception(() => plain = ZstdTestFrames.Decompress(changed));
                if (e is null)
                {
                    harmless++;
                    Assert.Equal(Plain, plain);
                    continue;
                }

                Assert.IsType<ArchiveDamagedException>(e);
            }
        }

        // A decoder ignores some bits of a frame: the window size of a small frame, and the unused bit of its
        // descriptor.
        Assert.InRange(harmless, 0, 16);
    }

    [Fact]
    public void A_changed_checksum_is_reported_with_its_offset()
    {
        byte[] changed = [.. Frame];
        changed[^1] ^= 1;

        ArchiveDamagedException e = Assert.Throws<ArchiveDamagedException>(() => ZstdTestFrames.Decompress(changed));

        Assert.Equal(
            $"The zstd stream is damaged at byte offset {Frame.Length - 4}: Restored data doesn't match checksum.",
            e.Message);
    }

    [Fact]
    public void A_damaged_stream_fails_with_the_same_message_when_it_is_read_again()
    {
        using ZstdDecompressionStream stream = new(new MemoryStream(Frame[..^1]));

        string[] messages = [.. Enumerable.Range(0, 3).Select(_ =>
            Assert.Throws<ArchiveDamagedException>(() => stream.CopyTo(Stream.Null)).Message)];

        Assert.Single(messages.Distinct());
    }

    [Fact]
    public void Consecutive_frames_are_read_as_one_stream()
    {
        byte[] skippable = [0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 9, 9, 9];

        Assert.Equal([.. Plain, .. Plain], ZstdTestFrames.Decompress(Frame, Frame));
        Assert.Equal(Plain, ZstdTestFrames.Decompress(ZstdTestFrames.Compress([]), skippable, Frame, skippable));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(500)]
    public void Bytes_after_the_last_frame_that_are_not_a_frame_are_damage(int length)
    {
        byte[] garbage = [.. Enumerable.Repeat((byte)0x42, length)];

        ArchiveDamagedException e = Assert.Throws<ArchiveDamagedException>(
            () => ZstdTestFrames.Decompress(Frame, garbage));

        Assert.Contains("at byte offset", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Zero_bytes_after_the_last_frame_are_damage_too()
    {
        Assert.Throws<ArchiveDamagedException>(() => ZstdTestFrames.Decompress(Frame, new byte[512]));
    }

    [Fact]
    public void A_window_of_256_MiB_is_refused_and_one_of_128_MiB_is_accepted()
    {
        Assert.Empty(ZstdTestFrames.Decompress(EmptyFrameWithWindow(log: 27)));

        ArchiveDamagedException e = Assert.Throws<ArchiveDamagedException>(
            () => ZstdTestFrames.Decompress(EmptyFrameWithWindow(log: 28)));

        Assert.Contains("requires too much memory", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_bytes_throw_only_the_damage_exception()
    {
        for (int seed = 0; seed < 2000; seed++)
        {
            Random random = new(seed);
            byte[] bytes = new byte[random.Next(0, 600)];
            random.NextBytes(bytes);
            Frame.AsSpan(0, Math.Min(Math.Min(bytes.Length, Frame.Length), random.Next(0, 30))).CopyTo(bytes);

            Exception? e = Record.Exception(() => ZstdTestFrames.Decompress(bytes));

            Assert.True(e is ArchiveDamagedException, $"seed {seed}: {Convert.ToHexString(bytes)}: {e}");
        }
    }

    private static byte[] HalfRandom(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes.AsSpan(length / 2));
        return bytes;
    }

    /// <summary>
    /// RFC 8878: magic, descriptor without sizes or checksum, window descriptor, one last raw block of 0 bytes.
    /// </summary>
    private static byte[] EmptyFrameWithWindow(int log) =>
        [0x28, 0xB5, 0x2F, 0xFD, 0x00, (byte)((log - 10) << 3), 0x01, 0x00, 0x00];
}
