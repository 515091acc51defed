using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.CommandLine;

/// <summary>A snapshot with a restore point, of a real etcd with a compaction.</summary>
public sealed class RestorePointTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("3.4", false)]
    [InlineData("3.5", false)]
    [InlineData("3.5", true)]
    public async Task What_reads_the_snapshot_goes_to_the_state_before_the_change(string series, bool isIncremental)
    {
        await using EtcdServer etcd = await StartAsync(series);
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        // Without it, the changes would be too large a share of the base.
        await etcd.EtcdctlAsync("put", "/large", RandomNumberGenerator.GetHexString(100_000));
        await etcd.EtcdctlAsync("put", "/release", "1.36");
        if (isIncremental)
        {
            _ = (await BackUpAsync(repository, etcd, "--incremental")).Output;
        }

        await etcd.EtcdctlAsync("put", "/release", "1.37");
        string[] kind = isIncremental ? ["--incremental"] : [];
        ToolResult made = await BackUpAsync(
            repository, etcd, [.. kind, "--restore-point", "3", "--reason", "before 1.37", "--name-suffix", "1.36"]);

        Assert.Contains("Restore point: revision 3, before 1.37", made.Output, StringComparison.Ordinal);
        JsonNode listed = (await ListAsync(repository))[^1]!;
        Assert.Equal("""{"revision":3,"reason":"before 1.37"}""", listed["restorePoint"]!.ToJsonString());
        Assert.Equal(
            (isIncremental ? "Incremental" : null, isIncremental ? 2 : 1),
            ((string?)listed["kind"], (int)listed["formatVersion"]!));
        Assert.Contains("RESTORE POINT", (await repository.RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains(
            "revision 3, before 1.37", (await repository.RunAsync("show", "latest")).Output, StringComparison.Ordinal);

        // A restore goes there, and says so; the state after can be had too.
        string name = "default-1.36";
        Assert.Equal(3, await RestoreAsync(repository, name, "before"));
        Assert.Equal(4, await RestoreAsync(repository, name, "after", "--revision", "4"));
        Assert.Equal(4, await RestoreAsync(repository, $"{name}@4", "also-after"));
        Assert.Contains(
            "Revision: 3, the restore point of the snapshot: before 1.37",
            (await repository.RunAsync("restore", name, "--to", _directory["text"])).Output,
            StringComparison.Ordinal);

        string inspected = (await repository.RunAsync("inspect", name)).Output;
        Assert.Contains("at revision 3", inspected, StringComparison.Ordinal);
        Assert.Contains("revision 3, before 1.37", inspected, StringComparison.Ordinal);

        // The verification proves the whole snapshot, and the state that a restore goes to.
        JsonArray verified = JsonNode.Parse(
            (await repository.RunAsync("verify", "--deep", name, "--output", "json")).Output)!.AsArray();
        Assert.Equal([true, true], verified.Select(one => (bool)one!["sound"]!));
        Assert.Equal([null, 3L], verified.Select(one => (long?)one!["restoredRevision"]?["revision"]));
    }

    [Fact]
    public async Task A_compacted_or_later_revision_warns_and_the_backup_is_made_without_it()
    {
        await using EtcdServer etcd = await StartAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        for (int i = 0; i < 5; i++)
        {
            await etcd.EtcdctlAsync("put", "/key", $"{i}");
        }

        await etcd.EtcdctlAsync("compact", "4", "--physical");

        ToolResult compacted = await BackUpAsync(repository, etcd, "--restore-point", "3");
        ToolResult later = await BackUpAsync(repository, etcd, "--restore-point", "99");
        ToolResult kept = await BackUpAsync(repository, etcd, "--restore-point", "4");

        Assert.Contains(
            "warning: Revision 3 cannot be the restore point of the snapshot: etcd has already compacted it",
            compacted.StandardError,
            StringComparison.Ordinal);
        Assert.Contains("had only reached revision 6", later.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("warning", kept.StandardError, StringComparison.Ordinal);
        Assert.Equal([0, 0, 0], new[] { compacted, later, kept }.Select(result => result.ExitCode));
        JsonArray listed = await ListAsync(repository);
        Assert.Equal([null, null, 4L], listed.Select(one => (long?)one!["restorePoint"]?["revision"]));
        Assert.Equal(4, await RestoreAsync(repository, "latest", "restored"));
    }

    [Theory]
    [InlineData("'latest@x' does not name a snapshot and a revision", "inspect", "latest@x")]
    [InlineData("Both latest@3 and --revision are given", "inspect", "latest@3", "--revision", "3")]
    [InlineData("--at and --revision need --deep", "verify", "latest@3")]
    [InlineData(
        "The restore point 0 is invalid",
        "backup", "--restore-point", "0", "--etcd-endpoint", "http://127.0.0.1:1")]
    [InlineData(
        "--restore-point has no meaning with --source objects",
        "backup", "--source", "objects", "--restore-point", "7")]
    public async Task A_wrong_revision_is_refused(string named, params string[] verb)
    {
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;

        ToolResult refused = await repository.RunAsync(verb);

        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(named, refused.StandardError, StringComparison.Ordinal);
    }

    private static Task<EtcdServer> StartAsync(string series) =>
        EtcdServer.StartAsync(new EtcdServerOptions { Series = SharedServers.Series(series) });

    private static Task<ToolResult> BackUpAsync(
        TestRepository repository, EtcdServer etcd, params IEnumerable<string> options) =>
        repository.RunAsync(["backup", .. options, .. EtcdArguments.Of(etcd)]);

    private static async Task<JsonArray> ListAsync(TestRepository repository) =>
        JsonNode.Parse((await repository.RunAsync("list", "--output", "json")).Output)!.AsArray();

    /// <summary>Restores to files, and returns the revision of the database.</summary>
    private async Task<long> RestoreAsync(
        TestRepository repository, string snapshot, string to, params IEnumerable<string> options)
    {
        _ = (await repository.RunAsync(["restore", snapshot, "--to", _directory[to], .. options])).Output;
        ToolResult inspected = await Agent.RunAsync(
            ["inspect", _directory[$"{to}/etcd-snapshot.db"], "--output", "json"]);
        return long.Parse(
            JsonNode.Parse(inspected.Output)!["content"]!["revision"]!.ToJsonString(), CultureInfo.InvariantCulture);
    }
}
