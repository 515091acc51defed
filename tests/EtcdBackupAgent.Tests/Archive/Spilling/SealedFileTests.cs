using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Spilling;

public sealed class SealedFileTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(SealedFile.PageBytes - 1)]
    [InlineData(SealedFile.PageBytes)]
    [InlineData(SealedFile.PageBytes + 1)]
    [InlineData((100 * SealedFile.PageBytes) + 37)]
    public void Every_part_of_the_content_can_be_read(int length)
    {
        byte[] content = Content(length);
        using SealedFile file = Write(content, pieceBytes: 1000);
        Random random = new(length);

        Assert.Equal(length, file.LengthBytes);
        for (int i = 0; i < 200; i++)
        {
            int offset = random.Next(length + 1);
            byte[] part = new byte[random.Next(length - offset + 1)];
            file.ReadExactly(part, offset);
            Assert.True(content.AsSpan(offset, part.Length).SequenceEqual(part));
        }
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, 101)]
    [InlineData(100, 1)]
    public void Bytes_outside_the_content_are_refused(int offset, int length)
    {
        using SealedFile file = Write(Content(100), pieceBytes: 100);

        Assert.Throws<EndOfStreamException>(() => file.ReadExactly(new byte[length], offset));
    }

    [Fact]
    public void Only_sealed_bytes_are_on_the_disk()
    {
        string path = _directory["sealed"];
        byte[] content = new byte[20 * SealedFile.PageBytes];
        content.AsSpan().Fill((byte)'s');
        using (SealedFile file = Over(path))
        {
            file.Append(content);
            file.Complete();
        }

        byte[] stored = File.ReadAllBytes(path);
        Assert.Equal(20 * (SealedFile.PageBytes + 16), stored.Length);
        Assert.Equal(-1, stored.AsSpan().IndexOf("ssss"u8));
        Assert.False(stored.AsSpan(0, SealedFile.PageBytes).SequenceEqual(
            stored.AsSpan(SealedFile.PageBytes + 16, SealedFile.PageBytes)));
    }

    [Fact]
    public void Other_bytes_than_were_written_are_detected_also_if_pages_are_swapped()
    {
        string path = _directory["sealed"];
        using SealedFile file = Over(path);
        file.Append(Content(3 * SealedFile.PageBytes));
        file.Complete();
        byte[] stored = File.ReadAllBytes(path);
        byte[] page = new byte[SealedFile.PageBytes];

        byte[] changed = [.. stored];
        changed[SealedFile.PageBytes + 16 + 7] ^= 1;
        File.WriteAllBytes(path, changed);
        file.ReadExactly(page, 0);
        Assert.Throws<SpillException>(() => file.ReadExactly(page, SealedFile.PageBytes));

        int sealedPage = SealedFile.PageBytes + 16;
        File.WriteAllBytes(
            path, [.. stored[sealedPage..(2 * sealedPage)], .. stored[..sealedPage], .. stored[(2 * sealedPage)..]]);
        Assert.Throws<SpillException>(() => file.ReadExactly(page, 0));

        File.WriteAllBytes(path, stored[..^1]);
        Assert.Throws<SpillException>(() => file.ReadExactly(page, 2 * SealedFile.PageBytes));
    }

    [Fact]
    public void Several_threads_may_read()
    {
        byte[] content = Content(64 * SealedFile.PageBytes);
        using SealedFile file = Write(content, pieceBytes: 1 << 16);

        Parallel.For(0, 8, seed =>
        {
            Random random = new(seed);
            byte[] part = new byte[5000];
            for (int i = 0; i < 200; i++)
            {
                int offset = random.Next(content.Length - part.Length);
                file.ReadExactly(part, offset);
                Assert.True(content.AsSpan(offset, part.Length).SequenceEqual(part));
            }
        });
    }

    [Fact]
    public void The_kernel_keeps_only_a_small_part_of_the_file_while_it_is_written_and_read()
    {
        const int Pages = 12_000;
        using TestDirectory onDisk = CachedPages.DirectoryOnDisk();
        string path = onDisk["sealed"];
        using SealedFile file = Over(path);
        byte[] piece = Content(500 * SealedFile.PageBytes);
        long most = 0;
        for (int pages = 0; pages < Pages; pages += 500)
        {
            file.Append(piece);
            most = Math.Max(most, CachedPages.BytesOf(path));
        }

        Assert.InRange(most, 1, SealedFile.CachedBytesMax + piece.Length);

        file.Complete();
        Assert.Equal(0, CachedPages.BytesOf(path));

        Random random = new(1);
        byte[] page = new byte[SealedFile.PageBytes];
        most = 0;
        for (int i = 0; i < Pages; i++)
        {
            file.ReadExactly(page, (long)random.Next(Pages) * SealedFile.PageBytes);
            most = i % 100 == 0 ? Math.Max(most, CachedPages.BytesOf(path)) : most;
        }

        Assert.InRange(most, 1, SealedFile.CachedBytesMax);
    }

    [Fact]
    public void A_file_that_does_not_fit_is_refused_before_it_is_written()
    {
        Assert.Null(SealedFile.FindRoomProblem(_directory.Path, 1));

        string? problem = SealedFile.FindRoomProblem(_directory.Path, long.MaxValue / 2);

        Assert.NotNull(problem);
        Assert.Contains(_directory.Path, problem, StringComparison.Ordinal);
    }

    private SealedFile Over(string path) => SealedFile.Over(
        _directory.Path,
        File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite));

    private SealedFile Write(byte[] content, int pieceBytes)
    {
        SealedFile file = SealedFile.Create(_directory.Path);
        foreach (byte[] piece in content.Chunk(pieceBytes))
        {
            file.Append(piece);
        }

        file.Complete();
        return file;
    }

    private static byte[] Content(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        return content;
    }
}
