using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Encryption;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Imports;

/// <summary><c>import</c> files what other programs made of a real etcd, and refuses everything else.</summary>
public sealed class ImportTests : IDisposable
{
    private const string TakenAt = "2024-02-03T04:05:06Z";

    private readonly TestDirectory _directory = new();
    private readonly TestRepository _repository = TestRepository.InDirectory();

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_snapshot_has_its_true_age_and_joins_the_history_of_its_cluster(string version)
    {
        EtcdServer etcd = await SharedServers.EtcdAsync(version);
        string file = await SaveAsync(etcd);
        File.SetLastWriteTimeUtc(file, DateTimeOffset.Parse(TakenAt, CultureInfo.InvariantCulture).UtcDateTime);
        await InitAsync();
        string backup = await _repository.BackUpAsync(etcd);

        JsonElement manifest = await ImportAsync(
            "--file", file, "--label", "from=etcdctl", "--policy", "nightly", "--again");

        Assert.Equal("import", Text(manifest, "reason"));
        Assert.Equal(TakenAt, Text(manifest, "startedAt"));
        Assert.Equal(TakenAt, Text(manifest, "completedAt"));
        Assert.Equal("nightly", Text(manifest.GetProperty("policy"), "name"));
        Assert.Equal("etcdctl", Text(manifest.GetProperty("labels"), "from"));
        JsonElement import = manifest.GetProperty("import");
        Assert.Equal(("snapshot.db", "File", "Known"), (
            Text(import, "file"), Text(import, "takenAtFrom"), Text(import, "clusterIdFrom")));
        Assert.False(import.GetProperty("trailerAppended").GetBoolean());
        JsonElement made = await ManifestAsync(backup);
        foreach (string field in new[] { "clusterId", "memberId" })
        {
            Assert.Equal(Text(made.GetProperty("etcd"), field), Text(manifest.GetProperty("etcd"), field));
        }

        Assert.Equal(await EtcdContent.RevisionAsync(etcd), Number(manifest.GetProperty("etcd"), "revision"));
        Assert.Contains(
            await _repository.KeysAsync(),
            key => key == $"snapshots/20240203T040506Z-{Text(manifest, "id")}/manifest.json");
    }

    [Theory]
    [InlineData("3.4")]
    [InlineData("3.5")]
    public async Task A_cluster_of_three_has_the_ID_that_etcd_computed(string version)
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series(version), Members = 3 });
        await etcd.EtcdctlAsync("put", "a", "b");
        await etcd.EtcdctlOfAsync(0, "snapshot", "save", _directory["three.db"]);
        await InitAsync();

        JsonElement manifest = await ImportAsync("--file", _directory["three.db"]);

        Assert.Equal(await ClusterIdAsync(etcd), Text(manifest.GetProperty("etcd"), "clusterId"));
        Assert.False(manifest.GetProperty("etcd").TryGetProperty("memberId", out _));
    }

    [Fact]
    public async Task A_cluster_that_grew_has_the_ID_of_its_backups()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = Peers.Etcd35, Members = 3, Joined = true });
        await etcd.EtcdctlAsync("put", "a", "b");
        await etcd.EtcdctlOfAsync(0, "snapshot", "save", _directory["grown.db"]);
        await InitAsync();
        _ = await _repository.BackUpAsync(etcd);

        JsonElement manifest = await ImportAsync("--file", _directory["grown.db"]);

        Assert.Equal(await ClusterIdAsync(etcd), Text(manifest.GetProperty("etcd"), "clusterId"));
        Assert.Equal("Known", Text(manifest.GetProperty("import"), "clusterIdFrom"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("zlib")]
    [InlineData("zip")]
    public async Task A_packed_snapshot_is_the_same_from_a_file_and_from_standard_input(string packing)
    {
        string file = await SaveAsync(await SharedServers.EtcdAsync("3.5"));
        byte[] snapshot = await File.ReadAllBytesAsync(file);
        string packed = await PackAsync(file, packing);
        await InitAsync();

        JsonElement first = await ImportAsync("--file", packed, "--taken-at", TakenAt);
        ToolResult piped = await PipeAsync(packed, "--taken-at", TakenAt, "--again", "--output", "json");

        using JsonDocument second = JsonDocument.Parse(piped.Output);
        Assert.Equal(Digest(first), Digest(second.RootElement));
        Assert.Equal(packing, Text(first.GetProperty("import"), "packing"), ignoreCase: true);
        Assert.False(second.RootElement.GetProperty("import").TryGetProperty("file", out _));
        _ = (await _repository.RunAsync("restore", Text(first, "id"), "--to", _directory["restored"])).Output;
        Assert.Equal(snapshot, await File.ReadAllBytesAsync(_directory["restored/etcd-snapshot.db"]));
        Assert.Contains(
            "sound", (await _repository.RunAsync("verify", "--all")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_encrypted_repository_gets_a_snapshot_of_standard_input_with_certificates()
    {
        string file = await SaveAsync(await SharedServers.EtcdAsync("3.5"));
        string passphrase = _directory.Write("passphrase", "six random words are long enough");
        Directory.CreateDirectory(_directory["pki"]);
        _directory.Write("pki/ca.crt", "authority");
        _ = (await _repository.RunAsync("init", "--passphrase-file", passphrase)).Output;

        ToolResult piped = await PipeAsync(file, "--taken-at", TakenAt, "--certs", _directory["pki"]);

        Assert.Contains("Import completed", piped.Output, StringComparison.Ordinal);
        ToolResult verified = await _repository.RunAsync(
            "verify", "--deep", "latest", "--passphrase-file", passphrase, "--scratch-dir", _directory.Path);
        Assert.Contains("Revisions: passed", verified.Output, StringComparison.Ordinal);
        Assert.Contains("1 files", verified.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_database_of_a_stopped_member_gets_the_trailer_and_one_of_a_running_member_is_refused()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(new EtcdServerOptions { Series = Peers.Etcd35 });
        await etcd.EtcdctlAsync("put", "a", "b");
        string database = Path.Combine(etcd.DataDirectoryOf(0), "member", "snap", "db");
        await InitAsync();

        ToolResult running = await _repository.RunAsync("import", "--file", database);
        Assert.Equal(2, running.ExitCode);
        Assert.Contains("while the member is stopped", running.StandardError, StringComparison.Ordinal);

        await etcd.KillAsync();
        ToolResult stopped = await _repository.RunAsync("import", "--file", database);
        Assert.Contains(
            "no SHA-256 of etcd at its end; the agent appended it", stopped.Output, StringComparison.Ordinal);
        _ = (await _repository.RunAsync("restore", "latest", "--data-dir", _directory["data"])).Output;
        Assert.True(File.Exists(_directory["data/member/snap/db"]));
        Assert.Contains(
            "Revisions: passed", (await _repository.RunAsync("verify", "--deep", "latest")).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_file_is_not_imported_twice()
    {
        string file = await SaveAsync(await SharedServers.EtcdAsync("3.5"));
        await InitAsync();
        JsonElement first = await ImportAsync("--file", file);
        string[] keys = await _repository.KeysAsync();

        ToolResult again = await _repository.RunAsync("import", "--file", file);

        Assert.Contains($"Snapshot {Text(first, "id")} of", again.Output, StringComparison.Ordinal);
        Assert.Contains("already has this content", again.Output, StringComparison.Ordinal);
        Assert.Equal(keys, await _repository.KeysAsync());
        _ = await ImportAsync("--file", file, "--again");
        Assert.NotEqual(keys, await _repository.KeysAsync());
    }

    [Fact]
    public async Task A_damaged_or_foreign_file_is_refused_and_leaves_nothing_behind()
    {
        byte[] snapshot = await File.ReadAllBytesAsync(await SaveAsync(await SharedServers.EtcdAsync("3.5")));
        byte[] changed = [.. snapshot];
        changed[snapshot.Length / 2] ^= 1;
        byte[] changedPage = [.. snapshot[..^32]];
        changedPage.AsSpan(8192, snapshot.Length / 2).Fill(0xff);
        await InitAsync();
        string[] keys = await _repository.KeysAsync();

        await RefusedAsync(snapshot[..^1000], 6, "is truncated");
        await RefusedAsync(snapshot[..^(32 + 8192)], 6, "is damaged");
        await RefusedAsync(changed, 6, "does not match the SHA-256 that etcd appended");
        await RefusedAsync(changedPage, 6, "is damaged: page");
        await RefusedAsync(new byte[1 << 20], 2, "is not an etcd snapshot");
        await RefusedAsync("""{"kind": "Secret"}"""u8.ToArray(), 2, "is not an etcd snapshot");
        await RefusedAsync([], 2, "is empty");
        await RefusedAsync(Gzip(snapshot)[..^5000], 6, "Nothing was stored");
        await RefusedAsync(Gzip(new byte[1 << 20]), 2, "The content of");
        await RefusedAsync(Gzip(Gzip(snapshot)), 2, "The content of");
        await RefusedAsync([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, 0, 0], 2, "in the format of xz");
        await RefusedAsync(Zip(("a.db", snapshot), ("b.db", snapshot)), 2, "contains 2 files; expected one");
        await RefusedAsync(Zip(("../../etc/cron.d/a", snapshot)), 2, "leads out of a directory");
        await RefusedAsync(Zip(("a.db", snapshot))[..^100], 6, "cannot be unpacked");
        Assert.Equal(keys, await _repository.KeysAsync());
    }

    [Fact]
    public async Task A_small_file_cannot_fill_the_disk()
    {
        byte[] snapshot = await File.ReadAllBytesAsync(await SaveAsync(await SharedServers.EtcdAsync("3.5")));
        await InitAsync();

        // 100 MB of zeros after a database that says how large it is.
        byte[] bomb = Gzip([.. snapshot[..^32], .. new byte[100 << 20]]);

        await RefusedAsync(bomb, 2, "is too large: its database states a size of");
    }

    [Fact]
    public async Task A_time_is_required_and_must_be_possible()
    {
        string file = await SaveAsync(await SharedServers.EtcdAsync("3.5"));
        await InitAsync();
        string[] keys = await _repository.KeysAsync();

        ToolResult none = await PipeAsync(file);
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("--taken-at", none.StandardError, StringComparison.Ordinal);
        foreach ((string time, string why) in new[]
        {
            ("2999-01-01T00:00:00Z", "is in the future"),
            ("1970-01-01T00:00:00Z", "is before the first release of etcd 3"),
        })
        {
            ToolResult refused = await _repository.RunAsync("import", "--file", file, "--taken-at", time);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(why, refused.StandardError, StringComparison.Ordinal);
        }

        ToolResult expired = await _repository.RunAsync(
            "import", "--file", file, "--taken-at", TakenAt, "--expires-in", "30d");
        Assert.Equal(2, expired.ExitCode);
        Assert.Contains("would have expired at 2024-03-04", expired.StandardError, StringComparison.Ordinal);
        Assert.Equal(keys, await _repository.KeysAsync());
    }

    [Fact]
    public async Task The_cluster_can_be_given()
    {
        string file = await SaveAsync(await SharedServers.EtcdAsync("3.5"));
        await InitAsync();

        JsonElement manifest = await ImportAsync("--file", file, "--cluster-id", "CAFE");

        Assert.Equal("cafe", Text(manifest.GetProperty("etcd"), "clusterId"));
        ToolResult shown = await _repository.RunAsync("show", "latest");
        Assert.Contains("ID given by the user", shown.Output, StringComparison.Ordinal);
        Assert.Matches("Reason: +import", shown.Output);
    }

    [Fact]
    public async Task A_policy_of_documents_names_the_repository()
    {
        string file = await SaveAsync(await SharedServers.EtcdAsync("3.5"));
        using EncryptedLocation location = await EncryptedLocation.NewAsync("None", secret: null);
        _ = (await location.InitAsync()).Output;

        _ = (await location.RunAsync("import", "--policy", "nightly", "--file", file, "--taken-at", TakenAt)).Output;

        ToolResult shown = await location.RunAsync("show", "latest", "--location", "disk");
        Assert.Matches("Policy: +kubedr-system/nightly", shown.Output);
        Assert.Matches("Started: +2024-02-03 04:05:06", shown.Output);
        ToolResult none = await location.RunAsync("import", "--location", "disk", "--file", file);
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("import --resources needs --policy NAME", none.StandardError, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _repository.Dispose();
        _directory.Dispose();
    }

    private static string Text(JsonElement document, string field) => document.GetProperty(field).GetString()!;

    private static long Number(JsonElement document, string field) => document.GetProperty(field).GetInt64();

    private static string Digest(JsonElement manifest) =>
        Text(manifest.GetProperty("artifacts").EnumerateArray().First(), "plainSha256");

    private static async Task<string> ClusterIdAsync(EtcdServer etcd)
    {
        using JsonDocument status = JsonDocument.Parse(await etcd.EtcdctlAsync("endpoint", "status", "-w", "json"));
        return status.RootElement[0].GetProperty("Status").GetProperty("header").GetProperty("cluster_id")
            .GetUInt64().ToString("x", CultureInfo.InvariantCulture);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    /// <summary>
    /// As k3s writes an archive: deflated, to a stream that cannot seek, so that sizes follow the data.
    /// </summary>
    private static byte[] Zip(params (string Name, byte[] Bytes)[] files)
    {
        using MemoryStream packed = new();
        using (ForwardStream forward = new(packed))
        using (ZipArchive zip = new(forward, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in files)
            {
                using Stream entry = zip.CreateEntry(name).Open();
                entry.Write(bytes);
            }
        }

        return packed.ToArray();
    }

    private async Task InitAsync() => _ = (await _repository.RunAsync("init", "--unencrypted")).Output;

    private async Task<string> SaveAsync(EtcdServer etcd)
    {
        string file = _directory["snapshot.db"];
        await etcd.EtcdctlAsync("snapshot", "save", file);
        return file;
    }

    private async Task<string> PackAsync(string file, string packing)
    {
        string packed = _directory[$"packed.{packing}"];
        switch (packing)
        {
            case "gzip" or "zstd":
                string program = packing == "zstd" ? Peers.Zstd : Peers.Installed("gzip");
                _ = (await Tool.RunAsync("/bin/sh", ["-c", $"'{program}' -c '{file}' > '{packed}'"])).Output;
                break;
            case "zip":
                await File.WriteAllBytesAsync(
                    packed, Zip(("on-demand-1706933106", await File.ReadAllBytesAsync(file))));
                break;
            default:
                await using (ZLibStream zlib = new(File.Create(packed), CompressionLevel.Fastest))
                {
                    await zlib.WriteAsync(await File.ReadAllBytesAsync(file));
                }

                break;
        }

        return packed;
    }

    private async Task<JsonElement> ImportAsync(params string[] options)
    {
        ToolResult result = await _repository.RunAsync(["import", "--output", "json", .. options]);
        using JsonDocument manifest = JsonDocument.Parse(result.Output);
        return manifest.RootElement.Clone();
    }

    private async Task<ToolResult> PipeAsync(string file, params string[] options)
    {
        await using FileStream content = File.OpenRead(file);
        return await Tool.RunAsync(
            Agent.Path,
            ["import", "--file", "-", .. options, .. _repository.Options],
            Agent.Environment(_repository.Environment),
            content);
    }

    private async Task<JsonElement> ManifestAsync(string id)
    {
        using JsonDocument manifest = JsonDocument.Parse(
            (await _repository.RunAsync("show", id, "--output", "json")).Output);
        return manifest.RootElement.Clone();
    }

    /// <summary>Imports bytes from a file and from standard input.</summary>
    private async Task RefusedAsync(byte[] bytes, int exitCode, string why)
    {
        string file = _directory["refused"];
        await File.WriteAllBytesAsync(file, bytes);
        foreach (ToolResult refused in new[]
        {
            await _repository.RunAsync("import", "--file", file, "--scratch-dir", _directory.Path),
            await PipeAsync(file, "--taken-at", TakenAt, "--scratch-dir", _directory.Path),
        })
        {
            Assert.Contains(why, refused.StandardError, StringComparison.Ordinal);
            Assert.Equal(exitCode, refused.ExitCode);
        }
    }

    /// <summary>A stream that cannot seek.</summary>
    private sealed class ForwardStream(Stream target) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => target.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => target.Write(buffer, offset, count);
    }
}
