using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>Marks of a snapshot, and the ways to find it by them.</summary>
public sealed class MarkedSnapshotTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_marked_snapshot_is_listed_shown_and_restored_by_its_marks()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        _ = (await repository.RunAsync(["backup", "--policy", "nightly", .. EtcdArguments.Of(etcd)])).Output;
        string said = (await repository.RunAsync([
            "backup", "--policy", "nightly", "--reason", "before the upgrade to 1.37", "--label", "release=1.36.4",
            "--label", "tier=critical", "--name-suffix", "1.36.4", .. EtcdArguments.Of(etcd),
        ])).Output;

        JsonArray all = await ListAsync(repository);
        JsonArray selected = await ListAsync(repository, "-l", "release in (1.36.4, 1.36.5),tier!=test");
        string table = (await repository.RunAsync("list", "-l", "release=1.36.4")).Output;
        string shown = (await repository.RunAsync("show", "nightly-1.36.4")).Output;
        _ = (await repository.RunAsync("restore", "nightly-1.36.4", "--to", _directory["out"])).Output;

        Assert.Contains("name: nightly-1.36.4", said, StringComparison.Ordinal);
        Assert.Equal(2, all.Count);
        JsonNode marked = Assert.Single(selected)!;
        Assert.Equal("nightly-1.36.4", (string?)marked["name"]);
        Assert.Equal("before the upgrade to 1.37", (string?)marked["note"]);
        Assert.Contains("nightly-1.36.4", table, StringComparison.Ordinal);
        Assert.DoesNotContain((string)all[0]!["id"]!, table, StringComparison.Ordinal);
        Assert.Contains("on-demand: before the upgrade to 1.37", shown, StringComparison.Ordinal);
        Assert.True(File.Exists(_directory["out/etcd-snapshot.db"]));
        Assert.Empty(await ListAsync(repository, "-l", "release=1.37.0"));
    }

    [Theory]
    [InlineData("--label", "release", "KEY=VALUE")]
    [InlineData("--name-suffix", "A", "The name suffix 'A' is invalid.")]
    [InlineData("--reason", "", "The reason is invalid")]
    public async Task A_wrong_mark_is_refused_before_etcd_is_asked(string option, string value, string named)
    {
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;

        ToolResult refused =
            await repository.RunAsync("backup", option, value, "--etcd-endpoint", "http://127.0.0.1:1");

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(named, refused.StandardError, StringComparison.Ordinal);
    }

    private static async Task<JsonArray> ListAsync(TestRepository repository, params string[] options) =>
        JsonNode.Parse((await repository.RunAsync(["list", .. options, "--output", "json"])).Output)!.AsArray();
}
