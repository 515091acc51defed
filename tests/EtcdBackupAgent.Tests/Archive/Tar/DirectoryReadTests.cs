using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Tar;

/// <summary>What cannot be read, and what changes under the reader. The tests hold for root too, to whom modes mean nothing.</summary>
public sealed class DirectoryReadTests : IDisposable
{
    private readonly TestDirectory _scratch = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public void A_missing_directory_and_a_file_in_its_place_are_said_at_once()
    {
        string file = _scratch.Write("file", "");

        DirectoryReadException missing = Assert.Throws<DirectoryReadException>(
            () => DirectoryTarStream.Open(_scratch["nowhere"], _warnings.Add));
        DirectoryReadException isFile = Assert.Throws<DirectoryReadException>(
            () => DirectoryTarStream.Open(file, _warnings.Add));

        Assert.Equal($"Cannot read {_scratch["nowhere"]}: there is no such directory.", missing.Message);
        Assert.Equal($"Cannot read {file}: it is a file, not a directory.", isFile.Message);
        Assert.Equal(file, isFile.Path);
    }

    [Fact]
    public async Task A_directory_that_vanishes_after_it_was_opened_fails_the_reading()
    {
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch.Create("from"), _warnings.Add);
        Directory.Delete(_scratch["from"]);

        DirectoryReadException e = await Assert.ThrowsAsync<DirectoryReadException>(() => stream.CopyToAsync(Stream.Null));

        Assert.Equal(_scratch["from"], e.Path);
    }

    [Fact]
    public async Task What_cannot_be_read_fails_the_archive_with_its_path()
    {
        // A path longer than the system takes (PATH_MAX, 4096) cannot be read by anybody; moving one deep tree into another makes it.
        string half = string.Join('/', Enumerable.Repeat(new string('d', 200), 12));
        _scratch.Create("lower/" + half);
        _scratch.Write($"lower/{half}/key", "unreachable");
        _scratch.Create("upper/" + half);
        Directory.Move(_scratch["lower"], _scratch[$"upper/{half}/lower"]);
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch["upper"], _warnings.Add);

        DirectoryReadException e = await Assert.ThrowsAsync<DirectoryReadException>(() => stream.CopyToAsync(Stream.Null));

        Directory.Move(_scratch[$"upper/{half}/lower"], _scratch["lower"]);
        Assert.StartsWith(_scratch[$"upper/{half}/lower/ddd"], e.Path, StringComparison.Ordinal);
        Assert.Contains("File name too long", e.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => stream.Summary);
    }

    [Fact]
    public void A_file_whose_reading_fails_is_named()
    {
        // The memory of this process at address 0: opens, and cannot be read (proc_pid_mem(5)).
        const string unreadable = "/proc/self/mem";

        DirectoryReadException e = Assert.Throws<DirectoryReadException>(() => FileContent.Open(unreadable, _warnings.Add));

        Assert.Equal(unreadable, e.Path);
        Assert.StartsWith("Cannot read /proc/self/mem: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_never_as_long_as_it_says_is_refused()
    {
        // A file of 0 bytes by its status that has content, as one has that grows between the status and the reading.
        DirectoryReadException e = Assert.Throws<DirectoryReadException>(
            () => FileContent.Open("/proc/self/status", _warnings.Add));

        Assert.Contains($"changed while it was being read, {FileContent.AttemptsMax} times", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_any_more_is_no_content() =>
        Assert.Null(FileContent.Open(_scratch["gone"], _warnings.Add));

    [Fact]
    public void A_file_that_became_a_link_is_not_followed()
    {
        _scratch.Write("secret", "elsewhere");
        File.CreateSymbolicLink(_scratch["link"], "secret");

        DirectoryReadException e = Assert.Throws<DirectoryReadException>(() => FileContent.Open(_scratch["link"], _warnings.Add));

        Assert.Equal(_scratch["link"], e.Path);
    }

    [Fact]
    public async Task A_large_file_that_grows_is_cut_at_its_first_length_with_a_warning()
    {
        string path = await WriteLargeAsync();
        await using DirectoryTarStream stream = DirectoryTarStream.Open(_scratch["from"], _warnings.Add);
        using MemoryStream tar = await ReadSomeAsync(stream);
        await File.AppendAllTextAsync(path, "more");

        await stream.CopyToAsync(tar);

        Assert.Equal([$"{path} grew while it was being read: its first {LargeBytes} of {LargeBytes + 4} bytes are archived."], _warnings);
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
    public async Task A_large_file_comes_through_whole()
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

    /// <summary>As far as the file's header and some of its content: the walk is then in the middle of the file.</summary>
    private static async Task<MemoryStream> ReadSomeAsync(Stream stream)
    {
        MemoryStream tar = new();
        byte[] some = new byte[DirectoryTarStream.AheadBytesMax];
        await stream.ReadExactlyAsync(some);
        tar.Write(some);
        return tar;
    }
}
