using System.Formats.Tar;
using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Testing.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Tar;

/// <summary>The archive comes from a bucket: anyone who can write there may have written it.</summary>
public sealed class TarHostileTests : IDisposable
{
    private readonly TestDirectory _scratch = new();

    public TarHostileTests() => _scratch.Write("outside/sentinel", "untouched");

    public static TheoryData<string, TarEntry[]> Refused => new()
    {
        { "its name contains '..'", [TarTestArchive.File("../x")] },
        { "its name contains '..'", [TarTestArchive.File("a/../../outside/sentinel")] },
        { "its name contains '..'", [TarTestArchive.Directory("a/..")] },
        { "its name is absolute", [TarTestArchive.File("/tmp/abs")] },
        { "its name is that of the target itself", [TarTestArchive.File("./")] },
        { "its name is that of the target itself", [TarTestArchive.SymbolicLink(".", "../outside")] },
        {
            "through 'link', which is a symbolic link",
            [TarTestArchive.SymbolicLink("link", "../outside"), TarTestArchive.File("link/x")]
        },
        {
            "through 'link', which is a symbolic link",
            [TarTestArchive.SymbolicLink("link", "../outside"), TarTestArchive.Directory("link/x")]
        },
        {
            "through 'a/link', which is a symbolic link",
            [
                TarTestArchive.Directory("a"),
                TarTestArchive.SymbolicLink("a/link", "../../outside"),
                TarTestArchive.File("./a//link/b/c/x"),
            ]
        },
        {
            "replace a symbolic link",
            [TarTestArchive.SymbolicLink("link", "../outside/sentinel"), TarTestArchive.File("link")]
        },
        {
            "replace a symbolic link",
            [TarTestArchive.SymbolicLink("link", "../outside"), TarTestArchive.Directory("link")]
        },
        { "replace a directory", [TarTestArchive.Directory("a"), TarTestArchive.SymbolicLink("a", "../outside")] },
        { "replace a file", [TarTestArchive.File("a"), TarTestArchive.File("a")] },
        { "through 'a', which is a file", [TarTestArchive.File("a"), TarTestArchive.File("a/b")] },
        { "not an earlier file", [TarTestArchive.HardLink("a", "outside/sentinel")] },
        {
            "not an earlier file",
            [TarTestArchive.SymbolicLink("s", "../outside/sentinel"), TarTestArchive.HardLink("a", "s")]
        },
        { "its name contains '..'", [TarTestArchive.HardLink("a", "../outside/sentinel")] },
        { "its name is absolute", [TarTestArchive.HardLink("a", "/etc/passwd")] },
        {
            "it is a character device",
            [new PaxTarEntry(TarEntryType.CharacterDevice, "null") { DeviceMajor = 1, DeviceMinor = 3 }]
        },
        {
            "it is a block device",
            [new PaxTarEntry(TarEntryType.BlockDevice, "disk") { DeviceMajor = 8, DeviceMinor = 0 }]
        },
        { "it is a FIFO", [new PaxTarEntry(TarEntryType.Fifo, "pipe")] },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task An_unsafe_entry_is_refused_by_name(string reason, TarEntry[] entries)
    {
        byte[] tar = TarTestArchive.Of(entries);

        ArchiveUnsafeException extracting = await Assert.ThrowsAsync<ArchiveUnsafeException>(
            () => ExtractAsync(tar, "to"));
        ArchiveUnsafeException inspecting = await Assert.ThrowsAsync<ArchiveUnsafeException>(
            () => TarInspector.ReadAllAsync(new MemoryStream(tar), default));

        Assert.Contains(reason, extracting.Message, StringComparison.Ordinal);
        Assert.StartsWith("The archive's entry '", extracting.Message, StringComparison.Ordinal);
        Assert.Equal(extracting.Message, inspecting.Message);
        AssertNothingOutside("to");
    }

    [Fact]
    public async Task No_entry_gets_set_uid_set_gid_or_the_sticky_bit()
    {
        const int everyBit = 0xFFF;
        byte[] tar = TarTestArchive.Of(
            TarTestArchive.Directory("./", everyBit),
            TarTestArchive.Directory("d", everyBit),
            TarTestArchive.File("d/f", mode: everyBit));

        await ExtractAsync(tar, "to");

        foreach (string path in new[] { "to", "to/d", "to/d/f" })
        {
            Assert.Equal((UnixFileMode)0x1FF, File.GetUnixFileMode(_scratch[path]));
        }
    }

    [Fact]
    public async Task While_a_file_is_written_no_more_users_have_access_than_its_mode_allows()
    {
        byte[] tar = TarTestArchive.Of(
            TarTestArchive.Directory("./", 0x1FF),
            TarTestArchive.Directory("d", 0x1FF),
            TarTestArchive.File("d/key", new string('k', 100_000), mode: 0x100),
            TarTestArchive.File("d/open", new string('o', 100_000), mode: 0x1B6));
        List<(string Path, UnixFileMode Mode)> seen = [];
        using WatchedStream watched = new(tar, () => seen.AddRange(
            Directory.Exists(_scratch["to"])
                ? Directory.EnumerateFileSystemEntries(_scratch["to"], "*", SearchOption.AllDirectories)
                    .Append(_scratch["to"])
                    .Select(path => (Path.GetRelativePath(_scratch["to"], path), File.GetUnixFileMode(path)))
                : []));

        await TarExtractor.ExtractAsync(watched, _scratch["to"], default);

        Assert.Contains(("d/key", TestTree.OwnerOnly), seen);
        Assert.Contains(("d/key", UnixFileMode.UserRead), seen);
        Assert.DoesNotContain(seen, s => s.Path == "d/key" && (s.Mode & ~TestTree.OwnerOnly) != UnixFileMode.None);
        Assert.All(
            seen.Where(s => s.Path is "." or "d"),
            s => Assert.Equal(TestTree.OwnerOnly | UnixFileMode.UserExecute, s.Mode));
        Assert.Equal((UnixFileMode)0x1FF, File.GetUnixFileMode(_scratch["to/d"]));
        Assert.Equal((UnixFileMode)0x1B6, File.GetUnixFileMode(_scratch["to/d/open"]));
    }

    [Fact]
    public async Task Directories_without_an_entry_are_accessible_only_to_their_owner()
    {
        TarSummary summary = await ExtractAsync(TarTestArchive.Of(TarTestArchive.File("a/b/c")), "to");

        Assert.Equal(new TarSummary { Files = 1, Directories = 2, Bytes = 7 }, summary);
        Assert.Equal(TestTree.OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(_scratch["to/a/b"]));
    }

    [Fact]
    public async Task A_hard_link_to_an_earlier_file_is_created()
    {
        TarSummary summary = await ExtractAsync(
            TarTestArchive.Of(TarTestArchive.File("a", "shared"), TarTestArchive.HardLink("d/b", "./a")), "to");

        Assert.Equal("shared", await File.ReadAllTextAsync(_scratch["to/d/b"]));
        Assert.Equal(new TarSummary { Files = 2, Directories = 1, Bytes = 6 }, summary);
    }

    [Fact]
    public async Task A_target_that_is_not_empty_is_refused_and_not_changed()
    {
        File.SetUnixFileMode(_scratch["outside"], (UnixFileMode)0x1ED);
        string[] before = TestTree.Describe(_scratch["outside"]);

        IOException e = await Assert.ThrowsAsync<IOException>(
            () => ExtractAsync(TarTestArchive.Of(TarTestArchive.File("a")), "outside"));

        Assert.Contains(_scratch["outside"], e.Message, StringComparison.Ordinal);
        Assert.Equal(before, TestTree.Describe(_scratch["outside"]));
    }

    [Fact]
    public async Task An_archive_that_is_truncated_at_any_byte_is_damaged()
    {
        byte[] tar = TarTestArchive.Of(TarTestArchive.Directory("d"), TarTestArchive.File("d/f", new string('x', 700)));
        for (int length = 0; length < tar.Length; length += length % 512 == 511 ? 1 : 73)
        {
            await Assert.ThrowsAsync<ArchiveDamagedException>(
                () => TarInspector.ReadAllAsync(new MemoryStream(tar[..length]), default));
        }

        for (int length = 0; length < tar.Length; length += 512)
        {
            ArchiveDamagedException e = await Assert.ThrowsAsync<ArchiveDamagedException>(
                () => ExtractAsync(tar[..length], $"to-{length}"));
            Assert.Contains("byte offset", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Data_after_the_end_is_damage_but_zeros_are_not()
    {
        byte[] tar = TarTestArchive.Of(TarTestArchive.File("f"));

        await TarInspector.ReadAllAsync(new MemoryStream([.. tar, .. new byte[10_000]]), default);

        await Assert.ThrowsAsync<ArchiveDamagedException>(
            () => TarInspector.ReadAllAsync(new MemoryStream([.. tar, .. new byte[10_000], 1]), default));
        await Assert.ThrowsAsync<ArchiveDamagedException>(
            () => TarInspector.ReadAllAsync(new MemoryStream([.. tar, .. tar]), default));
    }

    [Theory]
    [InlineData("77777777777")]
    [InlineData("17777777777")]
    [InlineData("00000100000")]
    public async Task A_size_that_is_larger_than_the_content_is_damage(string octal)
    {
        // Offsets of POSIX ustar: size at 124, typeflag at 156.
        byte[] file = TarTestArchive.Of(new UstarTarEntry(TarEntryType.RegularFile, "f"));
        System.Text.Encoding.ASCII.GetBytes(octal, file.AsSpan(124));
        TarTestArchive.Seal(file, 0);
        byte[] attributes = [.. file];
        attributes[156] = (byte)'x';
        TarTestArchive.Seal(attributes, 0);

        await Assert.ThrowsAsync<ArchiveDamagedException>(() => ExtractAsync(file, "file"));
        await Assert.ThrowsAsync<ArchiveDamagedException>(() => ExtractAsync(attributes, "attributes"));
    }

    [Fact]
    public async Task An_error_of_the_source_passes_through_unchanged()
    {
        using WatchedStream failing = new(
            TarTestArchive.Of(TarTestArchive.File("f")), () => throw new InvalidOperationException("mine"));

        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(
            () => TarInspector.ReadAllAsync(failing, default));

        Assert.Equal("mine", e.Message);
    }

    [Fact]
    public async Task With_any_bytes_nothing_is_created_outside_and_only_the_documented_errors_are_thrown()
    {
        byte[][] valid =
        [
            TarTestArchive.Of(
                TarTestArchive.Directory("d"),
                TarTestArchive.SymbolicLink("d/l", "../../outside"),
                TarTestArchive.File("d/" + new string('n', 180), "content"),
                TarTestArchive.HardLink("d/h", "d/" + new string('n', 180))),
            TarTestArchive.Of(
                new UstarTarEntry(TarEntryType.SymbolicLink, "l") { LinkName = "../outside" },
                new UstarTarEntry(TarEntryType.RegularFile, "k/x") { DataStream = new MemoryStream(new byte[20]) }),
            TarTestArchive.Of(
                new GnuTarEntry(TarEntryType.RegularFile, new string('g', 150))
                {
                    DataStream = new MemoryStream(new byte[20]),
                },
                new GnuTarEntry(TarEntryType.SymbolicLink, "l") { LinkName = "../" + new string('o', 150) }),
        ];
        string[] bits =
        [
            "../", "/", "l/", "\0", "77777777777", "-1", "..", "d/l/",
            "path=../../x\n", "outside", "size=9", "\u0080\u0000",
        ];
        int refused = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            byte[] tar = [.. valid[random.Next(valid.Length)]];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                byte[] bit = System.Text.Encoding.Latin1.GetBytes(bits[random.Next(bits.Length)]);
                int[] fields = [0, 100, 108, 124, 136, 156, 157, 257, 345, 512, random.Next(512)];
                int header = random.Next(tar.Length / 512) * 512;
                int at = Math.Min(header + fields[random.Next(fields.Length)], tar.Length - bit.Length);
                bit.CopyTo(tar, at);
                TarTestArchive.Seal(tar, header);
            }

            try
            {
                await ExtractAsync(tar, $"fuzz/{seed}/to");
            }
            catch (Exception e) when (e is IOException and not (EndOfStreamException or FileNotFoundException))
            {
                refused++;
                Assert.True(
                    e is ArchiveDamagedException or ArchiveUnsafeException or PathTooLongException
                        || e.GetType() == typeof(IOException),
                    $"seed {seed}: {e}");
            }

            Assert.InRange(Directory.GetFileSystemEntries(_scratch[$"fuzz/{seed}"]).Length, 0, 1);
        }

        Assert.InRange(refused, 50, 200);
        AssertNothingOutside("fuzz");
    }

    public void Dispose() => _scratch.Dispose();

    private Task<TarSummary> ExtractAsync(byte[] tar, string to) =>
        TarExtractor.ExtractAsync(new MemoryStream(tar), _scratch[to], default);

    private void AssertNothingOutside(string target)
    {
        Assert.Equal(
            new[] { "outside", target }.Order(StringComparer.Ordinal),
            Directory.EnumerateFileSystemEntries(_scratch.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal([_scratch["outside/sentinel"]], Directory.GetFileSystemEntries(_scratch["outside"]));
        Assert.Equal("untouched", File.ReadAllText(_scratch["outside/sentinel"]));
        Assert.Equal(TestTree.WorldReadable, File.GetUnixFileMode(_scratch["outside/sentinel"]));
    }

    /// <summary>Calls an action before each read.</summary>
    private sealed class WatchedStream(byte[] content, Action onRead) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            onRead();
            return base.ReadAsync(buffer[..Math.Min(buffer.Length, 4096)], cancellationToken);
        }
    }
}
