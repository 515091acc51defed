using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Archive.Tar;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Archive;

/// <summary>
/// No lock-in: stock tar reads the archives of this implementation, and this implementation reads those of stock tar.
/// </summary>
public sealed class StockTarTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const int OddTrees = 12;

    private readonly TestDirectory _scratch = new();

    [Fact]
    public async Task Stock_tar_lists_and_extracts_our_archive()
    {
        string source = WritePki(longNames: true);
        await using (FileStream file = File.Create(_scratch["certs.tar"]))
        await using (DirectoryTarStream stream = DirectoryTarStream.Open(source, Unexpected))
        {
            await stream.CopyToAsync(file);
        }

        string[] listed = (await TarAsync("-t", "-f", _scratch["certs.tar"], "--quoting-style=literal")).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await TarAsync("-x", "-p", "-f", _scratch["certs.tar"], "-C", _scratch.Create("to"));

        string[] shortNames = [.. listed.Where(name => name.Length < 100)];
        Assert.Equal(
            [
                "./", "ca.crt", "ca.key", "current", "dangling", "empty/",
                "etcd/", "etcd/schlüssel-鍵.key", "etcd/server.crt",
            ],
            shortNames);
        Assert.Equal(shortNames.Length + 2, listed.Length);
        await AssertSameAsync(source, _scratch["to"]);
    }

    [Theory]
    [InlineData("pax", true)]
    [InlineData("gnu", true)]
    [InlineData("ustar", false)]
    [InlineData("v7", false)]
    public async Task An_archive_of_stock_tar_is_inspected_and_extracted(string format, bool longNames)
    {
        string source = WritePki(longNames);
        await TarAsync("-c", $"--format={format}", "-f", _scratch["certs.tar"], "-C", source, ".");
        await using FileStream inspected = File.OpenRead(_scratch["certs.tar"]);
        await using FileStream extracted = File.OpenRead(_scratch["certs.tar"]);

        TarSummary summary = await TarInspector.ReadAllAsync(inspected, default);

        Assert.Equal(summary, await TarExtractor.ExtractAsync(extracted, _scratch["to"], default));
        Assert.Equal(longNames ? 5 : 4, summary.Files);
        Assert.Equal(2, summary.Links);
        await AssertSameAsync(source, _scratch["to"]);
    }

    [Fact]
    public async Task Stock_tar_reads_our_archive_with_any_bytes_in_names()
    {
        for (int seed = 0; seed < OddTrees; seed++)
        {
            string source = _scratch.Create("odd");
            OddTree.Write(source, seed);
            await using (FileStream file = File.Create(_scratch["odd.tar"]))
            await using (DirectoryTarStream stream = DirectoryTarStream.Open(source, Unexpected))
            {
                await stream.CopyToAsync(file);
            }

            string[] expected = OddTree.Describe(source);
            ToolResult listed = await TarAsync("-t", "-f", _scratch["odd.tar"], "--quoting-style=escape");
            ToolResult extracted = await TarAsync(
                "-x", "-p", "--warning=no-timestamp", "-f", _scratch["odd.tar"], "-C", _scratch.Create("to"));
            string[] actual = OddTree.Describe(_scratch["to"]);
            DirectoryTree.Remove(_scratch["to"]);
            DirectoryTree.Remove(source);

            Assert.Equal(expected, actual);
            Assert.Equal(expected.Length, listed.Output.TrimEnd('\n').Split('\n').Length);
            Assert.Equal("", listed.StandardError + extracted.StandardError);
        }
    }

    [Theory]
    [InlineData("pax", true)]
    [InlineData("gnu", false)]
    public async Task An_archive_of_stock_tar_is_read_with_any_bytes_in_names(string format, bool withFractions)
    {
        for (int seed = 0; seed < OddTrees; seed++)
        {
            string source = _scratch.Create("odd");
            OddTree.Write(source, seed);
            await TarAsync("-c", $"--format={format}", "-f", _scratch["odd.tar"], "-C", source, ".");
            await using FileStream tar = File.OpenRead(_scratch["odd.tar"]);

            await TarExtractor.ExtractAsync(tar, _scratch["to"], default);

            string[] expected = OddTree.Describe(source, modeBits: 0x1FF, withFractions);
            string[] actual = OddTree.Describe(_scratch["to"], modeBits: 0x1FF, withFractions);
            DirectoryTree.Remove(_scratch["to"]);
            DirectoryTree.Remove(source);
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public async Task Hard_links_in_an_archive_of_stock_tar_are_restored()
    {
        _scratch.Create("from");
        await File.WriteAllTextAsync(_scratch["from/a"], "shared");
        Assert.Equal(
            0, (await Tool.RunAsync(Peers.Installed("ln"), [_scratch["from/a"], _scratch["from/b"]])).ExitCode);
        SetTimes(_scratch["from"]);
        await TarAsync("-c", "-f", _scratch["links.tar"], "-C", _scratch["from"], ".");
        await using FileStream tar = File.OpenRead(_scratch["links.tar"]);

        await TarExtractor.ExtractAsync(tar, _scratch["to"], default);

        await AssertSameAsync(_scratch["from"], _scratch["to"]);
    }

    [Fact]
    public async Task A_sparse_file_of_stock_tar_is_refused()
    {
        _scratch.Create("from");
        await using (FileStream file = File.Create(_scratch["from/sparse"]))
        {
            file.Seek(1 << 20, SeekOrigin.Begin);
            file.WriteByte(1);
        }

        foreach (string format in new[] { "pax", "gnu" })
        {
            await TarAsync("-c", "-S", $"--format={format}", "-f", _scratch["sparse.tar"], "-C", _scratch["from"], ".");
            await using FileStream tar = File.OpenRead(_scratch["sparse.tar"]);

            IOException e = await Assert.ThrowsAnyAsync<IOException>(() => TarInspector.ReadAllAsync(tar, default));
            Assert.True(e is ArchiveUnsafeException or ArchiveDamagedException, e.ToString());
            Assert.Contains("sparse", e.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Stock_tar_shows_the_same_owners_in_our_archive_as_in_its_own()
    {
        string source = WritePki(longNames: false);
        await using (FileStream file = File.Create(_scratch["certs.tar"]))
        await using (DirectoryTarStream stream = DirectoryTarStream.Open(source, Unexpected))
        {
            await stream.CopyToAsync(file);
        }

        await TarAsync("-c", "--format=pax", "-f", _scratch["stock.tar"], "-C", source, "ca.key");

        string ours = (await TarAsync("-t", "-v", "-f", _scratch["certs.tar"], "ca.key")).Output;
        Assert.Equal((await TarAsync("-t", "-v", "-f", _scratch["stock.tar"])).Output, ours);
        string oursInNumbers =
            (await TarAsync("-t", "-v", "--numeric-owner", "-f", _scratch["certs.tar"], "ca.key")).Output;
        Assert.Equal(
            (await TarAsync("-t", "-v", "--numeric-owner", "-f", _scratch["stock.tar"])).Output, oursInNumbers);
    }

    public void Dispose() => _scratch.Dispose();

    private string WritePki(bool longNames)
    {
        string top = _scratch.Create("pki");
        _scratch.Create("pki/empty");
        _scratch.Create("pki/etcd");
        File.WriteAllText($"{top}/ca.crt", "certificate");
        File.WriteAllText($"{top}/ca.key", "key");
        File.WriteAllText($"{top}/etcd/schlüssel-鍵.key", "another");
        File.WriteAllBytes($"{top}/etcd/server.crt", new byte[20_000]);
        File.SetUnixFileMode($"{top}/ca.key", OwnerOnly);
        File.CreateSymbolicLink($"{top}/current", "etcd/server.crt");
        File.CreateSymbolicLink($"{top}/dangling", "/nowhere");
        if (longNames)
        {
            _scratch.Create($"pki/{new string('d', 150)}");
            File.WriteAllText($"{top}/{new string('d', 150)}/{new string('ü', 100)}", "long");
        }

        SetTimes(top);
        File.SetUnixFileMode($"{top}/etcd", OwnerOnly | UnixFileMode.UserExecute);
        return top;
    }

    /// <summary>Sets times in whole seconds, which every format stores.</summary>
    private static void SetTimes(string top)
    {
        DateTime time = new(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        foreach (string path in Directory.GetFileSystemEntries(top, "*", SearchOption.AllDirectories).Append(top))
        {
            File.SetLastWriteTimeUtc(path, time);
        }
    }

    /// <summary>
    /// Compares with stock programs: contents with <c>diff -r</c>; types, modes, owners, sizes, times and link targets
    /// with <c>find</c>.
    /// </summary>
    private static async Task AssertSameAsync(string expected, string actual)
    {
        ToolResult diff = await Tool.RunAsync(Peers.Installed("diff"), ["-r", "--no-dereference", expected, actual]);
        Assert.Equal(0, diff.ExitCode);
        Assert.Equal(await FindAsync(expected), await FindAsync(actual));
    }

    private static async Task<IEnumerable<string>> FindAsync(string directory)
    {
        // A directory's own size and the number of names of a file in it depend on the file system's history.
        string[] arguments = [directory, "(", "-type", "d", "-printf", "%P %y %m %U:%G %T@\\n", ")",
            "-o", "-printf", "%P %y %m %U:%G %n %s %T@ %l\\n"];
        ToolResult result = await Tool.RunAsync(Peers.Installed("find"), arguments);
        return result.Output.Split('\n').Order(StringComparer.Ordinal);
    }

    private static async Task<ToolResult> TarAsync(params string[] arguments)
    {
        ToolResult result = await Tool.RunAsync(Peers.Tar, arguments);
        Assert.True(result.ExitCode == 0, result.StandardError);
        return result;
    }

    private static void Unexpected(string warning) => Assert.Fail(warning);
}
