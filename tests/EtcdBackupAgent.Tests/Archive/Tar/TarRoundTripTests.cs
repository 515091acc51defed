using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Tests.Archive.Streams;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Tar;

public sealed class TarRoundTripTests : IDisposable
{
    private readonly TestDirectory _scratch = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public async Task A_certificates_directory_is_restored_with_contents_modes_times_and_links()
    {
        string source = _scratch.WritePki("pki");
        string[] before = TestTree.Describe(source);

        (byte[] tar, TarSummary archived) = await ArchiveAsync(source);
        TarSummary extracted = await TarExtractor.ExtractAsync(new MemoryStream(tar), _scratch["to"], default);
        TarSummary inspected = await TarInspector.ReadAllAsync(new MemoryStream(tar), default);

        Assert.Equal(before, TestTree.Describe(_scratch["to"]));
        TarSummary expected =
            new() { Files = 6, Directories = 3, Links = 3, Skipped = 0, Bytes = 28 + 28 + 5000 + 1 + 10 };
        Assert.Equal(expected, archived);
        Assert.Equal(expected, extracted);
        Assert.Equal(expected, inspected);
        Assert.Empty(_warnings);
    }

    [Fact]
    public async Task Any_tree_is_restored()
    {
        int number = 0;
        Prop.ForAll(
            Arb.From(Gen.Choose(0, int.MaxValue)),
            seed => IsRestoredAsync(seed, $"tree-{number++}").GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(25));
        Assert.Empty(_warnings);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task An_empty_directory_gives_an_empty_archive()
    {
        Directory.CreateDirectory(_scratch["from"]);

        (byte[] tar, TarSummary summary) = await ArchiveAsync(_scratch["from"]);

        Assert.Equal(TarSummary.Empty, summary);
        Assert.Equal(TarSummary.Empty, await TarExtractor.ExtractAsync(new MemoryStream(tar), _scratch["to"], default));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_scratch["to"]));
    }

    [Fact]
    public async Task The_same_directory_gives_the_same_bytes_with_names_in_ordinal_order()
    {
        foreach (string name in new[] { "b", "B", "a/z", "a.b", "ä", "a/b/c" })
        {
            _scratch.Write($"from/{name}", name);
        }

        (byte[] first, _) = await ArchiveAsync(_scratch["from"]);
        (byte[] second, _) = await ArchiveAsync(_scratch["from"]);

        Assert.Equal(first, second);
        Assert.Equal(
            ["./", "B", "a/", "a/b/", "a/b/c", "a/z", "a.b", "b", "ä"], await TarTestArchive.NamesAsync(first));
    }

    [Fact]
    public async Task Hard_links_become_independent_files()
    {
        string path = _scratch.Write("from/one", "shared");
        Assert.Equal("", (await Tool.RunAsync(Peers.Installed("ln"), [path, _scratch["from/two"]])).Output);

        (byte[] tar, TarSummary summary) = await ArchiveAsync(_scratch["from"]);
        await TarExtractor.ExtractAsync(new MemoryStream(tar), _scratch["to"], default);
        await File.WriteAllTextAsync(_scratch["to/one"], "changed");

        Assert.Equal(2, summary.Files);
        Assert.Equal("shared", await File.ReadAllTextAsync(_scratch["to/two"]));
    }

    [Fact]
    public async Task A_FIFO_is_skipped_with_a_warning_that_names_it()
    {
        _scratch.Write("from/a", "a");
        Assert.Equal("", (await Tool.RunAsync(Peers.Installed("mkfifo"), [_scratch["from/pipe"]])).Output);

        (byte[] tar, TarSummary summary) = await ArchiveAsync(_scratch["from"]);

        Assert.Equal([$"{_scratch["from/pipe"]} is not archived: it is a FIFO."], _warnings);
        Assert.Equal(new TarSummary { Files = 1, Skipped = 1, Bytes = 1 }, summary);
        Assert.Equal(["./", "a"], await TarTestArchive.NamesAsync(tar));
    }

    [Fact]
    public async Task A_socket_is_skipped_with_a_warning_that_names_it()
    {
        Directory.CreateDirectory(_scratch["from"]);
        using System.Net.Sockets.Socket socket = new(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, default);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_scratch["from/s"]));

        (_, TarSummary summary) = await ArchiveAsync(_scratch["from"]);

        Assert.Equal([$"{_scratch["from/s"]} is not archived: it is a socket."], _warnings);
        Assert.Equal(new TarSummary { Skipped = 1 }, summary);
    }

    [Fact]
    public async Task The_directory_to_archive_may_be_given_as_a_link()
    {
        _scratch.Write("real/file", "content");
        Directory.CreateSymbolicLink(_scratch["link"], "real");

        (byte[] tar, _) = await ArchiveAsync(_scratch["link"]);

        Assert.Equal(["./", "file"], await TarTestArchive.NamesAsync(tar));
    }

    [Fact]
    public async Task An_archive_can_be_closed_before_its_end_and_before_its_first_read()
    {
        for (int file = 0; file < 40; file++)
        {
            _scratch.Write($"from/{file:00}", new string('x', 100_000));
        }

        DirectoryTarStream stream = DirectoryTarStream.Open(_scratch["from"], _warnings.Add);
        await stream.ReadExactlyAsync(new byte[1000]);
        Assert.Throws<InvalidOperationException>(() => stream.Summary);
        await stream.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await stream.ReadExactlyAsync(new byte[1]));
        DirectoryTarStream never = DirectoryTarStream.Open(_scratch["from"], _warnings.Add);
        never.Dispose();
    }

    public void Dispose() => _scratch.Dispose();

    private async Task<(byte[] Tar, TarSummary Summary)> ArchiveAsync(string directory)
    {
        await using DirectoryTarStream stream = DirectoryTarStream.Open(directory, _warnings.Add);
        byte[] tar = await TestBytes.ReadInPiecesAsync(stream, 10_000, 1, 511, 513);
        return (tar, stream.Summary);
    }

    private async Task<bool> IsRestoredAsync(int seed, string name)
    {
        Random random = new(seed);
        List<string> directories = [name + "/from"];
        _scratch.Create(directories[0]);
        int entries = random.Next(0, 15);
        for (int i = 0; i < entries; i++)
        {
            string path = $"{directories[random.Next(directories.Count)]}/{i}{new string('n', random.Next(0, 150))}é";
            switch (random.Next(4))
            {
                case 0:
                    Directory.CreateDirectory(_scratch[path]);
                    directories.Add(path);
                    break;
                case 1:
                    File.CreateSymbolicLink(_scratch[path], new string('t', random.Next(1, 300)));
                    break;
                default:
                    byte[] content = TestBytes.Mixed(seed, random.Next(0, 3000));
                    await File.WriteAllBytesAsync(_scratch[path], content);
                    File.SetUnixFileMode(_scratch[path], UnixFileMode.UserRead | (UnixFileMode)random.Next(0, 0x200));
                    break;
            }
        }

        string[] before = TestTree.Describe(_scratch[name + "/from"]);
        (byte[] tar, TarSummary archived) = await ArchiveAsync(_scratch[name + "/from"]);
        TarSummary extracted = await TarExtractor.ExtractAsync(new MemoryStream(tar), _scratch[name + "/to"], default);
        return before.SequenceEqual(TestTree.Describe(_scratch[name + "/to"])) && archived == extracted;
    }
}
