using System.Formats.Tar;
using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Archive.Streams;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Tar;

/// <summary>A file name may contain all bytes except NUL and '/', and is restored with exactly these bytes.</summary>
public sealed class OddNameTests : IDisposable
{
    /// <summary>The mode bits without set-uid, set-gid and sticky, which are never restored.</summary>
    private const int RestoredBits = 0x1FF;

    private readonly TestDirectory _scratch = new();

    [Fact]
    public void Any_directory_that_is_valid_on_Linux_is_restored()
    {
        int number = 0;
        Prop.ForAll(
            Arb.From(Gen.Choose(0, int.MaxValue)),
            seed => IsRestoredAsync(seed, number++).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(40).WithReplay(2026, 1129));
    }

    [Fact]
    public void Any_bytes_decode_to_text_that_encodes_to_the_same_bytes() =>
        Prop.ForAll<byte[]>(bytes => FileName.Encode(FileName.Decode(bytes)).AsSpan().SequenceEqual(bytes))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000).WithReplay(2026, 1129));

    [Fact]
    public void Invalid_UTF8_a_replacement_character_and_an_encoded_surrogate_are_different_names()
    {
        string[] names = [FileName.Decode([0xFF]), FileName.Decode("\uFFFD"u8), FileName.Decode([0xED, 0xB3, 0xBF])];

        Assert.Equal(3, names.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([@"\xff", "\uFFFD", @"\xed\xb3\xbf"], names.Select(FileName.Shown));
    }

    [Fact]
    public async Task Archives_of_earlier_versions_with_line_feeds_in_names_are_read()
    {
        // Earlier versions wrote with System.Formats.Tar. It writes every record with the correct length, but reads a
        // record only to the first line feed.
        byte[] tar = TarTestArchive.Of(
            TarTestArchive.Directory("d\nd"),
            TarTestArchive.File("d\nd/line\nfeed", "content"),
            TarTestArchive.File("\n"),
            TarTestArchive.File("9 path=\nx=y\n\n"),
            TarTestArchive.SymbolicLink("link", "to\n/etc/passwd\n"));

        TarSummary summary = await TarExtractor.ExtractAsync(new MemoryStream(tar), _scratch["to"], default);

        Assert.Equal(new TarSummary { Files = 3, Directories = 1, Links = 1, Bytes = 21 }, summary);
        Assert.Equal(["\n", "9 path=\nx=y\n\n", "d\nd", "link"], DirectoryTree.Names(_scratch["to"]));
        Assert.Equal("content", await File.ReadAllTextAsync(_scratch["to/d\nd/line\nfeed"]));
        Assert.Equal("to\n/etc/passwd\n", new FileInfo(_scratch["to/link"]).LinkTarget);
    }

    [Fact]
    public async Task A_warning_about_an_odd_name_is_one_line()
    {
        _scratch.Create("from");
        using System.Net.Sockets.Socket socket = new(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, default);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_scratch["from/a\nwarning: b"]));
        List<string> warnings = [];
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch["from"], warnings.Add);

        await stream.CopyToAsync(Stream.Null);

        Assert.Equal([$@"{_scratch["from"]}/a\nwarning: b is not archived: it is a socket."], warnings);
    }

    [Fact]
    public void Any_header_reads_back_as_it_was_written() =>
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), IsReadAsWritten)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(2026, 1129));

    [Theory]
    [InlineData("5 a=b\n6 c=d\n")]
    [InlineData("0 a=b\n")]
    [InlineData("+6 a=b\n")]
    [InlineData("-6 a=b\n")]
    [InlineData("6 ab\n\n")]
    [InlineData("6 =bc\n")]
    [InlineData("7 a=b\n")]
    [InlineData("99999999999999999999 a=b\n")]
    [InlineData("a=b\n")]
    [InlineData("6 a=bc")]
    public void Records_with_a_wrong_length_are_refused(string records) =>
        Assert.Throws<FormatException>(() => PaxRecords.Read(System.Text.Encoding.UTF8.GetBytes(records)));

    [Fact]
    public void A_record_whose_own_digits_add_a_digit_to_its_length_is_correct()
    {
        for (int length = 0; length < 1200; length++)
        {
            PaxRecords records = new();
            records.Add("path", [.. Enumerable.Repeat((byte)'\n', length)]);

            byte[] written = records.Write();

            Assert.Equal($"{written.Length}", System.Text.Encoding.UTF8.GetString(written).Split(' ')[0]);
            Assert.Equal(length == 0 ? null : records["path"], PaxRecords.Read(written)["path"]);
        }
    }

    [Theory]
    [InlineData("0", 0, 0)]
    [InlineData("-1.5", -2, 500_000_000)]
    [InlineData("-1", -1, 0)]
    [InlineData("9223372036.854775807", 9223372036, 854775807)]
    [InlineData("15032385535.000000001", 15032385535, 1)]
    [InlineData("-0.9999999999", -1, 0)]
    [InlineData("1.", 1, 0)]
    public void A_time_is_a_decimal_number_of_seconds(string text, long seconds, long nanoseconds)
    {
        Assert.True(FileTime.TryParse(System.Text.Encoding.ASCII.GetBytes(text), out FileTime time));
        Assert.Equal(new FileTime(seconds, nanoseconds), time);
        Assert.True(FileTime.TryParse(System.Text.Encoding.ASCII.GetBytes(time.ToDecimal()), out FileTime again));
        Assert.Equal(time, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".5")]
    [InlineData("1e5")]
    [InlineData("1.5.5")]
    [InlineData("99999999999999999999")]
    public void Other_texts_are_not_valid_times(string text) =>
        Assert.False(FileTime.TryParse(System.Text.Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public async Task An_invalid_owner_is_refused()
    {
        byte[] tar = TarHeader.Write(new TarMember
        {
            Type = TarType.File,
            Name = "f",
            Mode = 0x1A4,
            User = uint.MaxValue,
            Group = 0,
            Modified = default,
        });

        await Assert.ThrowsAsync<ArchiveUnsafeException>(
            () => TarInspector.ReadAllAsync(new MemoryStream([.. tar, .. new byte[1024]]), default));
    }

    [Fact]
    public async Task An_extended_header_beyond_the_limit_is_refused()
    {
        PaxRecords records = new();
        records.Add("comment", new byte[TarMembers.ExtendedHeaderBytesMax]);
        byte[] block = TarTestArchive.Of(new UstarTarEntry(TarEntryType.RegularFile, "x"))[..UstarField.BlockBytes];
        block[UstarField.Type.Offset] = (byte)TarType.Pax;
        UstarField.Size.Write(block, records.Write().Length);
        TarTestArchive.Seal(block, 0);

        ArchiveDamagedException e = await Assert.ThrowsAsync<ArchiveDamagedException>(
            () => TarInspector.ReadAllAsync(new MemoryStream([.. block, .. records.Write()]), default));

        Assert.Contains(
            $"at most {TarMembers.ExtendedHeaderBytesMax} are allowed", e.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _scratch.Dispose();

    private async Task<bool> IsRestoredAsync(int seed, int number)
    {
        string from = _scratch.Create($"{number}/from");
        string to = _scratch[$"{number}/to"];
        OddTree.Write(from, seed);
        try
        {
            await using DirectoryTarStream stream = DirectoryTarStream.Open(from, warning => Assert.Fail(warning));
            MemoryStream tar = new(await TestBytes.ReadInPiecesAsync(stream, 10_000, 1, 511, 513));
            TarSummary inspected = await TarInspector.ReadAllAsync(tar, default);
            tar.Position = 0;
            TarSummary extracted = await TarExtractor.ExtractAsync(tar, to, default);
            Assert.Equal(OddTree.Describe(from, RestoredBits), OddTree.Describe(to, RestoredBits));
            return stream.Summary == extracted && inspected == extracted;
        }
        finally
        {
            DirectoryTree.Remove(_scratch[$"{number}"]);
        }
    }

    private static bool IsReadAsWritten(int seed)
    {
        Random random = new(seed);
        long[] sizes = [0, 1, 511, 512, 513, 0x1FFFFFFFF, 0x200000000, 9L << 30, long.MaxValue - 512];
        long[] owners = [0, 0x1FFFFF, 0x200000, int.MaxValue, uint.MaxValue - 1];
        long[] times = [0, -1, long.MinValue, long.MaxValue, 0x1FFFFFFFF, 0x200000000, 9223372037];
        TarMember written = new()
        {
            Type = TarType.File,
            Name = Text(1 + random.Next(400)),
            LinkTarget = Text(random.Next(400)),
            Mode = random.Next(0x1000),
            User = owners[random.Next(owners.Length)],
            Group = owners[random.Next(owners.Length)],
            UserName = Text(random.Next(60)),
            GroupName = Text(random.Next(60)),
            Modified = new FileTime(times[random.Next(times.Length)], random.Next(2) * random.Next(1_000_000_000)),
            SizeBytes = sizes[random.Next(sizes.Length)],
        };
        byte[] header = TarHeader.Write(written);
        using OffsetStream source = new(new MemoryStream(header));

        TarMember? read = new TarMembers(source).NextAsync(default).AsTask().GetAwaiter().GetResult();

        Assert.Equal(written, read);
        return header.Length % UstarField.BlockBytes == 0;

        string Text(int length)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            int oneOf = seed % 2 == 0 ? 2 : 1000;
            return FileName.Decode(
                [.. bytes.Select(b => b == 0 ? (byte)'\n' : random.Next(oneOf) == 0 ? b : (byte)'n')]);
        }
    }
}
