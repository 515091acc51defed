using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>Incremental snapshots with real peers: they are restored by their ID like any other.</summary>
public sealed class IncrementalTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4", StoreKind.Directory)]
    [InlineData("3.5", StoreKind.S3)]
    public async Task An_incremental_snapshot_is_restored_verified_and_shown_like_a_full_one(
        string version, StoreKind kind)
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series(version) });
        using TestRepository repository = await TestRepository.NewAsync(kind);
        await EtcdContent.WriteAsync(etcd);
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;

        // The first one is full; the second one has what changed, also after a compaction.
        (string full, JsonElement fullManifest) = await BackUpAsync(repository, etcd);
        Assert.Equal("Full", fullManifest.GetProperty("kind").GetString());
        Assert.Equal("the policy has no full snapshot yet", fullManifest.GetProperty("kindReason").GetString());
        await ChangeAsync(etcd);
        (string id, JsonElement manifest) = await BackUpAsync(repository, etcd);
        Assert.Equal("Incremental", manifest.GetProperty("kind").GetString());
        Assert.Equal(full, manifest.GetProperty("base").GetProperty("id").GetString());
        Assert.True(StoredBytes(manifest) * 10 < StoredBytes(fullManifest), $"{manifest} {fullManifest}");

        // Every verb accepts it.
        Assert.Contains(full, (await repository.RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains(
            $"incremental, stands on {full}", (await repository.RunAsync("show", id)).Output, StringComparison.Ordinal);
        Assert.StartsWith($"{id}: sound", (await repository.RunAsync("verify", id)).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await repository.RunAsync("verify", "--deep", id)).ExitCode);
        Assert.Equal(0, (await repository.RunAsync("inspect", id)).ExitCode);

        // An etcd that starts from the restored file has the same content, and so has one on a built data directory.
        _ = (await repository.RunAsync("restore", id, "--to", _directory["restored"])).Output;
        string file = _directory["restored/etcd-snapshot.db"];
        ToolResult status = await Tool.RunAsync(
            SharedServers.Series(version).SnapshotTool, ["snapshot", "status", file, "-w", "json"], EtcdServer.Api);
        using JsonDocument document = JsonDocument.Parse(status.Output);
        Assert.Equal(await EtcdContent.RevisionAsync(etcd), document.RootElement.GetProperty("revision").GetInt64());
        await using EtcdServer after = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series(version), SnapshotFile = file });
        Assert.Equal(await EtcdContent.ReadAsync(etcd), await EtcdContent.ReadAsync(after));
        _ = (await repository.RunAsync("restore", id, "--data-dir", _directory["data"])).Output;
        Assert.True(File.Exists(_directory["data/member/snap/db"]));
    }

    [Fact]
    public async Task A_base_is_deleted_only_together_with_what_stands_on_it()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        (string full, _) = await BackUpAsync(repository, etcd);
        (string id, _) = await BackUpAsync(repository, etcd);

        ToolResult refused = await repository.RunAsync("delete", full, "--yes");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains(id, refused.StandardError, StringComparison.Ordinal);
        Assert.Contains("--with-dependents", refused.StandardError, StringComparison.Ordinal);

        string deleted = (await repository.RunAsync("delete", full, "--yes", "--with-dependents")).Output;
        Assert.Contains(id, deleted, StringComparison.Ordinal);
        Assert.Equal(["repository.json"], await repository.KeysAsync());
    }

    [Fact]
    public async Task A_snapshot_whose_base_is_lost_is_incomplete_and_is_not_restored()
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        (string full, _) = await BackUpAsync(repository, etcd);
        (string id, _) = await BackUpAsync(repository, etcd);
        Directory.Delete(
            Directory.GetDirectories(Path.Combine(repository.DirectoryPath, "snapshots"), $"*-{full}").Single(),
            recursive: true);

        Assert.Contains("Incomplete", (await repository.RunAsync("list")).Output, StringComparison.Ordinal);
        ToolResult restore = await repository.RunAsync("restore", id, "--to", _directory["restored"]);
        Assert.NotEqual(0, restore.ExitCode);
        Assert.Contains($"its base {full} does not exist", restore.StandardError, StringComparison.Ordinal);
        Assert.NotEqual(0, (await repository.RunAsync("verify", id)).ExitCode);
    }

    [Fact]
    public async Task Verify_shows_why_an_incremental_snapshot_was_not_merged_with_its_base()
    {
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=8k");
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        (string full, _) = await BackUpAsync(repository, etcd);
        (string id, _) = await BackUpAsync(repository, etcd);
        string[] verify = ["verify", "--all", "--output", "json"];

        using JsonDocument merged = JsonDocument.Parse((await repository.RunAsync(verify)).Output);
        using JsonDocument not = JsonDocument.Parse(
            (await repository.RunAsync([.. verify, "--scratch-dir", small.Path])).Output);
        string text = (await repository.RunAsync("verify", id, "--scratch-dir", small.Path)).Output;

        Assert.Equal([null, null], merged.RootElement.EnumerateArray().Select(NotMerged));
        string reason = $"the scratch directory '{small.Path}' has room for ";
        Assert.Null(NotMerged(not.RootElement[0]));
        Assert.StartsWith(reason, NotMerged(not.RootElement[1]), StringComparison.Ordinal);
        Assert.All(not.RootElement.EnumerateArray(), one => Assert.True(one.GetProperty("sound").GetBoolean()));
        Assert.Contains($"{id}: sound", text, StringComparison.Ordinal);
        Assert.Contains(
            $"not merged with its base {full}, so it is not known whether both belong together: {reason}",
            text,
            StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static string? NotMerged(JsonElement outcome) => outcome.GetProperty("notMerged").GetString();

    private static async Task ChangeAsync(EtcdServer etcd)
    {
        await etcd.EtcdctlAsync("put", "/registry/text/2", "changed");
        await etcd.EtcdctlAsync("put", "/registry/new/1", "new");
        await etcd.EtcdctlAsync("del", "/registry/text/5");
        long revision = await EtcdContent.RevisionAsync(etcd);
        await etcd.EtcdctlAsync("compact", $"{revision}", "--physical");
        await etcd.EtcdctlAsync("put", "/registry/new/2", "after the compaction");
    }

    private static long StoredBytes(JsonElement manifest) =>
        manifest.GetProperty("artifacts")[0].GetProperty("storedBytes").GetInt64();

    private static async Task<(string Id, JsonElement Manifest)> BackUpAsync(
        TestRepository repository, EtcdServer etcd)
    {
        string output = (await repository.RunAsync(
            ["backup", "--incremental", "--output", "json", .. EtcdArguments.Of(etcd)])).Output;
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement manifest = document.RootElement.Clone();
        return (manifest.GetProperty("id").GetString()!, manifest);
    }
}
