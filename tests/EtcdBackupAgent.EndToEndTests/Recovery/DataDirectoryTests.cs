using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>Restores from the repository to a running etcd without any tool of etcd.</summary>
public sealed class DataDirectoryTests : IDisposable
{
    private const long Bump = 1_000_000_000;

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4", StoreKind.S3)]
    [InlineData("3.5", StoreKind.Directory)]
    public async Task Etcd_starts_on_the_restored_directory_and_has_the_same_content(string version, StoreKind kind)
    {
        EtcdServer etcd = await SharedServers.EtcdAsync(version);
        using TestRepository repository = await TestRepository.NewAsync(kind);
        string passphrase = _directory.Write("passphrase", "a passphrase for a test");
        string pki = _directory.WritePki("pki");
        _ = (await repository.RunAsync("init", "--passphrase-file", passphrase)).Output;
        string id = await repository.BackUpAsync(etcd, "--certs-dir", pki);

        string output = (
            await repository.RunAsync(
                "restore",
                id,
                "--passphrase-file",
                passphrase,
                "--data-dir",
                _directory["data"],
                "--certs-to",
                _directory["certs"])).Output;

        Assert.StartsWith($"Restore from snapshot {id} completed\n", output, StringComparison.Ordinal);
        Assert.Contains("Start the control plane", output, StringComparison.Ordinal);
        Assert.Matches("\nToken:          restored-[0-9a-f]{16}-[0-9a-f]{8}, derived from the snapshot\n", output);
        Assert.Equal(TestTree.Describe(pki), TestTree.Describe(_directory["certs"]));
        await HasSameContentAsync(etcd, SharedServers.Series(version), _directory["data"], Bump);
    }

    [Fact]
    public async Task A_snapshot_file_and_the_database_of_a_stopped_member_can_be_restored_too()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        string snapshot = _directory["etcd-snapshot.db"];
        await etcd.EtcdctlAsync("snapshot", "save", snapshot);
        string database = _directory["db"];
        File.Copy(snapshot, database);
        using (FileStream file = File.OpenWrite(database))
        {
            file.SetLength(file.Length - 32);
        }

        string json = (await Agent.RunAsync(
            ["restore", "--file", snapshot, "--data-dir", _directory["one"], "--no-bump", "--output", "json"])).Output;
        using JsonDocument document = JsonDocument.Parse(json);
        Assert.Equal(_directory["one"], document.RootElement.GetProperty("dataDirectory").GetString());
        await HasSameContentAsync(etcd, SharedServers.Series("3.5"), _directory["one"], bump: 0);

        ToolResult refused = await Agent.RunAsync(["restore", "--file", database, "--data-dir", _directory["two"]]);
        Assert.Equal(6, refused.ExitCode);
        Assert.Contains("hint: A copy of a member's own database", refused.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory["two"]));

        _ = (await Agent.RunAsync(
            [
                "restore", "--file", database, "--skip-hash-check", "--data-dir", _directory["two"],
                "--wal-dir", _directory["log"], "--bump-revision", "7",
            ])).Output;
        Assert.False(Directory.Exists(_directory["two/member/wal"]));
        await HasSameContentAsync(etcd, SharedServers.Series("3.5"), _directory["two"], bump: 7, _directory["log"]);
    }

    [Fact]
    public async Task Three_separately_restored_members_find_each_other_over_TLS()
    {
        EtcdServer before = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string id = await repository.BackUpAsync(before);

        _ = (await repository.RunAsync("restore", id, "--to", _directory["files"])).Output;
        List<string> clusters = [];
        await using EtcdServer after = await EtcdServer.StartAsync(new EtcdServerOptions
        {
            Series = SharedServers.Series("3.5"),
            MutualTls = true,
            Members = 3,
            MakeData = async member =>
            {
                // All members derive the same token, whether they read the snapshot from the repository or from a file.
                string[] options =
                [
                    "--data-dir", member.Directory, "--name", member.Name, "--output", "json",
                    "--initial-advertise-peer-urls", member.PeerUrl, "--initial-cluster", member.InitialCluster,
                ];
                ToolResult output = member.Name == "m1"
                    ? await Agent.RunAsync(["restore", "--file", _directory["files/etcd-snapshot.db"], .. options])
                    : await repository.RunAsync(["restore", id, .. options]);
                using JsonDocument document = JsonDocument.Parse(output.Output);
                JsonElement built = document.RootElement;
                clusters.Add($"{built.GetProperty("clusterId")} {built.GetProperty("token")}");
            },
        });

        Assert.Equal(3, clusters.Count);
        Assert.Matches("^[0-9a-f]+ restored-[0-9a-f]{16}$", Assert.Single(clusters.Distinct()));
        Assert.Equal(await EtcdContent.ReadAsync(before), await EtcdContent.ReadAsync(after));
        await after.EtcdctlAsync("put", "/registry/new", "written after the restore");
        using JsonDocument members = JsonDocument.Parse(await after.EtcdctlAsync("member", "list", "-w", "json"));
        Assert.Equal(3, members.RootElement.GetProperty("members").GetArrayLength());
    }

    [Fact]
    public async Task A_directory_that_is_not_empty_is_not_changed()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        _directory.Write("data/member/snap/db", "the data of another etcd");

        ToolResult result = await repository.RunAsync("restore", "latest", "--data-dir", _directory["data"]);

        Assert.Equal(7, result.ExitCode);
        Assert.Contains(
            $"error: The directory {_directory["data"]} is not empty: it contains 'member'.",
            result.StandardError,
            StringComparison.Ordinal);
        Assert.DoesNotContain("--overwrite", result.StandardError, StringComparison.Ordinal);
        Assert.Equal("the data of another etcd", await File.ReadAllTextAsync(_directory["data/member/snap/db"]));
    }

    [Fact]
    public async Task An_empty_directory_keeps_its_owner_and_all_restored_files_get_the_same_owner()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string data = _directory.Create("data");
        _ = (await Tool.RunAsync(Peers.Installed("chown"), ["4711:4712", data])).Output;

        _ = (await repository.RunAsync("restore", "latest", "--data-dir", data, "--wal-dir", _directory["log"])).Output;

        string owners = (await Tool.RunAsync(
            Peers.Installed("find"), [data, _directory["log"], "-mindepth", "1", "-printf", "%U:%G %m %y\n"])).Output;
        Assert.Equal(
            ["4711:4712 600 f", "4711:4712 700 d"],
            owners.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct().Order(StringComparer.Ordinal));
        string log = (await Tool.RunAsync(
            Peers.Installed("find"), [_directory["log"], "-printf", "%U:%G %m %y\n"])).Output;
        Assert.Equal("4711:4712 700 d\n4711:4712 600 f\n", log);
    }

    [Fact]
    public async Task A_damaged_snapshot_leaves_nothing_not_even_parent_directories()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        string snapshot = _directory["etcd-snapshot.db"];
        await etcd.EtcdctlAsync("snapshot", "save", snapshot);
        using (FileStream file = File.OpenWrite(snapshot))
        {
            file.Position = file.Length / 2;
            file.WriteByte(0x55);
            file.WriteByte(0xAA);
        }

        ToolResult result = await Agent.RunAsync(
            [
                "restore", "--file", snapshot,
                "--data-dir", _directory["new/node/data"], "--wal-dir", _directory["new/log/of/etcd"],
            ]);

        Assert.Equal(6, result.ExitCode);
        Assert.Contains(
            "does not match the SHA-256 that etcd appended",
            result.StandardError,
            StringComparison.Ordinal);
        Assert.Equal([snapshot], Directory.GetFileSystemEntries(_directory.Path));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task HasSameContentAsync(
        EtcdServer before, EtcdSeries series, string dataDirectory, long bump, string? walDirectory = null)
    {
        string[] expected = await EtcdContent.ReadAsync(before);
        Assert.True(expected.Length > 40, "There are too few keys for the comparison.");
        await using EtcdServer after = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = series, DataDirectory = dataDirectory, WalDirectory = walDirectory });
        Assert.Equal(expected, await EtcdContent.ReadAsync(after));
        Assert.Equal(await EtcdContent.RevisionAsync(before) + bump, await EtcdContent.RevisionAsync(after));
    }
}
