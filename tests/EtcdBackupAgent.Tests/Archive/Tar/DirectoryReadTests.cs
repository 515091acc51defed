using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Tar;

/// <summary>
/// Files that cannot be read, and files that change while they are read. The tests also pass as root, who may read
/// every file.
/// </summary>
public sealed class DirectoryReadTests : IDisposable
{
    private readonly TestDirectory _scratch = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public void A_missing_directory_and_a_file_in_its_place_are_refused_when_the_stream_is_opened()
    {
        string file = _scratch.Write("file", "");

        DirectoryReadException missing = Assert.Throws<DirectoryReadException>(
            () => DirectoryTarStream.Open(_scratch["nowhere"], _warnings.Add));
        DirectoryReadException isFile = Assert.Throws<DirectoryReadException>(
            () => DirectoryTarStream.Open(file, _warnings.Add));

        Assert.Equal($"Cannot read {_scratch["nowhere"]}: it does not exist.", missing.Message);
        Assert.Equal($"Cannot read {file}: it is a file, not a directory.", isFile.Message);
        Assert.Equal(file, isFile.Path);
    }

    [Fact]
    public async Task Reading_fails_if_the_directory_was_removed_after_it_was_opened()
    {
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch.Create("from"), _warnings.Add);
        Directory.Delete(_scratch["from"]);

        DirectoryReadException e = await Assert.ThrowsAsync<DirectoryReadException>(
            () => stream.CopyToAsync(Stream.Null));

        Assert.Equal(_scratch["from"], e.Path);
    }

    [Fact]
    public async Task An_entry_that_cannot_be_read_fails_the_archive_with_its_path()
    {
        // No user can read a path that is longer than PATH_MAX (4096). Moving one deep tree into another creates such a
        // path.
        string half = string.Join('/', Enumerable.Repeat(new string('d', 200), 12));
        _scratch.Create("lower/" + half);
        _scratch.Write($"lower/{half}/key", "unreachable");
        _scratch.Create("upper/" + half);
        Directory.Move(_scratch["lower"], _scratch[$"upper/{half}/lower"]);
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch["upper"], _warnings.Add);

        DirectoryReadException e = await Assert.ThrowsAsync<DirectoryReadException>(
            () => stream.CopyToAsync(Stream.Null));

        Directory.Move(_scratch[$"upper/{half}/lower"], _scratch["lower"]);
        Assert.StartsWith(_scratch[$"upper/{half}/lower/ddd"], e.Path, StringComparison.Ordinal);
        Assert.Contains("File name too long", e.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => stream.Summary);
    }

    [Fact]
    public void A_file_that_fails_while_it_is_read_is_named()
    {
        // The memory of this process at address 0 can be opened but not read (proc_pid_mem(5)).
        const string unreadable = "/proc/self/mem";

        DirectoryReadException e = Assert.Throws<DirectoryReadException>(
            () => FileContent.Open(unreadable, _warnings.Add));

        Assert.Equal(unreadable, e.Path);
        Assert.StartsWith("Cannot read /proc/self/mem: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_whose_size_never_matches_its_status_is_refused()
    {
        // This file has content but its status has size 0, like a file that grows between the status and the read.
        DirectoryReadException e = Assert.Throws<DirectoryReadException>(
            () => FileContent.Open("/proc/self/status", _warnings.Add));

        Assert.Contains(
            $"changed while it was being read, {FileContent.AttemptsMax} times", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_no_longer_exists_has_no_content() =>
        Assert.Null(FileContent.Open(_scratch["gone"], _warnings.Add));

    [Fact]
    public void A_file_that_became_a_link_is_not_followed()
    {
        _scratch.Write("secret", "elsewhere");
        File.CreateSymbolicLink(_scratch["link"], "secret");

        DirectoryReadException e = Assert.Throws<DirectoryReadException>(
            () => FileContent.Open(_scratch["link"], _warnings.Add));

        Assert.Equal(_scratch["link"], e.Path);
    }

    [Fact]
    public async Task A_large_file_that_grows_is_truncated_to_its_initial_length_with_a_warning()
    {
        string path = await WriteLargeAsync();
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch["from"], _warnings.Add);
        using MemoryStream tar = await ReadSomeAsync(stream);
        await File.AppendAllTextAsync(path, "more");

        await stream.CopyToAsync(tar);

        Assert.Equal(
            [$"{path} grew while it was being read: its first {LargeBytes} of {LargeBytes + 4} bytes are archived."],
            _warnings);
        tar.Position = 0;
        TarSummary summary = await TarInspector.ReadAllAsync(tar, default);
        Assert.Equal(new TarSummary { Files = 1, Bytes = LargeBytes }, summary);
        Assert.Equal(summary, stream.Summary);
    }

    [Fact]
    public async Task A_large_file_that_shrinks_fails_the_archive_with_its_path()
    {
        string path = await WriteLargeAsync();
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch["from"], _warnings.Add);
        using MemoryStream tar = await ReadSomeAsync(stream);
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(FileContent.WholeFileBytesMax);
        }

        DirectoryReadException e = await Assert.ThrowsAsync<DirectoryReadException>(() => stream.CopyToAsync(tar));

        Assert.Equal(path, e.Path);
        Assert.Contains($"shrank from {LargeBytes} to ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_file_is_archived_completely()
    {
        string path = await WriteLargeAsync();
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch["from"], _warnings.Add);

        await TarExtractor.ExtractAsync(stream, _scratch["to"], default);

        Assert.Equal(await File.ReadAllBytesAsync(path), await File.ReadAllBytesAsync(_scratch["to/large"]));
        Assert.Empty(_warnings);
    }

    public void Dispose() => _scratch.Dispose();

    private const int LargeBytes = FileContent.WholeFileBytesMax * 3;

    private async Task<string> WriteLargeAsync()
    {
        _scratch.Create("from");
        await File.WriteAllBytesAsync(_scratch["from/large"], TestBytes.Mixed(5, LargeBytes));
        return _scratch["from/large"];
    }

    /// <summary>Reads the file's header and a part of its content, so the walk is in the middle of the file.</summary>
    private static async Task<MemoryStream> ReadSomeAsync(Stream stream)
    {
        MemoryStream tar = new();
        byte[] some = new byte[DirectoryTarStream.AheadBytesMax];
        await stream.ReadExactlyAsync(some);
        tar.Write(some);
        return tar;
    }
}
