using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Failures;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>The history of a cluster in a repository across restores and wrong clocks.</summary>
public sealed class RestoredHistoryTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task Retention_counts_across_two_successive_restores_and_does_not_affect_another_cluster()
    {
        EtcdServer before = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string other = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.4"));
        string oldest = await repository.BackUpAsync(before);
        string restored = await repository.BackUpAsync(before);
        string left = await repository.BackUpAsync(before);

        string first;
        await using (EtcdServer after = await RestoreAsync(repository, restored, "restored-1"))
        {
            first = await repository.BackUpAsync(after, "--retain", "3");
        }

        Assert.Equal([other, restored, left, first], await ListAsync(repository));
        Assert.DoesNotContain(oldest, await ListAsync(repository));

        string second;
        await using (EtcdServer after = await RestoreAsync(repository, first, "restored-2"))
        {
            second = await repository.BackUpAsync(after, "--retain", "2");
        }

        Assert.Equal([other, first, second], await ListAsync(repository));
        string[] keys = await repository.KeysAsync();
        Assert.Equal(2, keys.Count(key => key.StartsWith("restores/", StringComparison.Ordinal)));
        Assert.Contains(second, (await repository.RunAsync("show", "latest")).Output, StringComparison.Ordinal);
        Assert.Contains("Restored from:", (await repository.RunAsync("show", second)).Output, StringComparison.Ordinal);
        Assert.Contains(
            $"was restored from snapshot {first} of cluster",
            (await repository.RunAsync("list")).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_that_cannot_write_its_note_succeeds_and_prints_a_hint()
    {
        using TestRepository repository = await TestRepository.WithSnapshotAsync();
        string id = Assert.Single(await ListAsync(repository));
        string obstacle = Path.Combine(repository.DirectoryPath, "restores");
        await File.WriteAllTextAsync(obstacle, "not a directory");

        ToolResult result = await repository.RunAsync(
            "restore", id, "--data-dir", _directory["data"], "--initial-cluster-token", "restored-1",
            "--output", "json");

        Assert.Equal(0, result.ExitCode);
        using JsonDocument document = JsonDocument.Parse(result.StandardOutput);
        string cluster = document.RootElement.GetProperty("clusterId").GetString()!;
        Assert.Contains(
            $"etcd-backup-agent restored {id} --cluster-id {cluster}", result.StandardError, StringComparison.Ordinal);

        File.Delete(obstacle);
        Assert.Contains(
            $"Cluster {cluster} continues the history of cluster",
            (await repository.RunAsync("restored", id, "--cluster-id", cluster)).Output,
            StringComparison.Ordinal);
        Assert.Contains($"restores/{cluster}-{id}.json", await repository.KeysAsync());
    }

    [Fact]
    public async Task Snapshots_dated_in_the_future_by_a_wrong_clock_are_reported_and_are_never_the_newest()
    {
        using TestRepository repository = TestRepository.InDirectory();
        await PastBackups.MakeAsync(
            repository.Store, "default", TimeSpan.FromDays(-400), TimeSpan.FromDays(-401), TimeSpan.FromHours(1));

        ToolResult list = await repository.RunAsync("list", "--output", "json");
        using JsonDocument listed = JsonDocument.Parse(list.Output);
        string[] future = [.. listed.RootElement.EnumerateArray()
            .Where(snapshot => snapshot.TryGetProperty("future", out _))
            .Select(snapshot => snapshot.GetProperty("id").GetString()!)];
        string real = (await ListAsync(repository)).Except(future, StringComparer.Ordinal).Single();

        Assert.Equal(2, future.Length);
        Assert.Contains("warning: 2 snapshots are dated in the future", list.StandardError, StringComparison.Ordinal);
        Assert.Contains(real, (await repository.RunAsync("show", "latest")).Output, StringComparison.Ordinal);
        ToolResult prune = await repository.RunAsync(
            "prune", "--policy", "default", "--retain", "1", "--output", "json");
        using JsonDocument report = JsonDocument.Parse(prune.Output);
        Assert.Equal(2, report.RootElement.GetProperty("future").GetArrayLength());
        Assert.Contains(real, await ListAsync(repository));
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Restores a snapshot and starts an etcd on the restored data.</summary>
    private async Task<EtcdServer> RestoreAsync(TestRepository repository, string id, string token)
    {
        string data = _directory[token];
        _ = (await repository.RunAsync("restore", id, "--data-dir", data, "--initial-cluster-token", token)).Output;
        return await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5"), DataDirectory = data });
    }

    private static async Task<string[]> ListAsync(TestRepository repository)
    {
        using JsonDocument listed = JsonDocument.Parse((await repository.RunAsync("list", "--output", "json")).Output);
        return [.. listed.RootElement.EnumerateArray().Select(snapshot => snapshot.GetProperty("id").GetString()!)];
    }
}
