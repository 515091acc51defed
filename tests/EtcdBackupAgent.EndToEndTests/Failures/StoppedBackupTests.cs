using System.Globalization;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>Stops a backup in the middle of the snapshot.</summary>
public sealed class StoppedBackupTests
{
    /// <summary>In the middle of the snapshot, and after several parts of an upload.</summary>
    private const long Midway = 24 << 20;

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.S3)]
    public async Task Sigterm_ends_the_backup_and_leaves_the_repository_unchanged(StoreKind kind)
    {
        using TestRepository repository = await WithOneBackupAsync(kind);
        string[] before = await repository.KeysAsync();

        (int exitCode, string output) = await StopMidwayAsync(repository, agent => agent.Terminate());

        Assert.Equal(143, exitCode);
        Assert.Contains("error: Stopped by SIGTERM.", output, StringComparison.Ordinal);
        Assert.Equal(before, await repository.KeysAsync());
        Assert.Empty(await repository.PendingAsync());
        Assert.Single(await repository.AllListedRestoreAsync());
    }

    [Fact]
    public async Task Sigint_ends_the_backup_and_leaves_the_repository_unchanged()
    {
        using TestRepository repository = await WithOneBackupAsync(StoreKind.Directory);
        string[] before = await repository.KeysAsync();

        (int exitCode, string output) = await StopMidwayAsync(repository, agent => agent.Interrupt());

        Assert.Equal(130, exitCode);
        Assert.Contains("error: Stopped by SIGINT.", output, StringComparison.Ordinal);
        Assert.Equal(before, await repository.KeysAsync());
        Assert.Empty(await repository.PendingAsync());
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.S3)]
    public async Task Sigkill_leaves_only_files_that_a_prune_one_day_later_removes(StoreKind kind)
    {
        using TestRepository repository = await WithOneBackupAsync(kind);
        string[] before = await repository.KeysAsync();

        (int exitCode, _) = await StopMidwayAsync(repository, agent => agent.Kill());

        Assert.Equal(137, exitCode);
        Assert.Equal(before, await repository.KeysAsync());
        Assert.NotEmpty(await repository.PendingAsync());
        _ = (await repository.RunAsync("prune")).Output;
        Assert.NotEmpty(await repository.PendingAsync());
        Assert.Single(await repository.AllListedRestoreAsync());

        await repository.PruneOneDayLaterLeavesOnlyListedObjectsAsync();
        Assert.Equal(before, await repository.KeysAsync());
    }

    [Fact]
    public async Task A_database_stored_before_a_sigkill_is_not_listed_and_is_pruned_one_day_later()
    {
        using TestRepository repository = await WithOneBackupAsync(StoreKind.Directory);
        string[] before = await repository.KeysAsync();
        (_, _) = await StopMidwayAsync(repository, agent => agent.Kill());

        // Simulates a later kill: the file already has its final name, and everything is one day old.
        string pending = Directory.GetFiles(Path.Combine(repository.DirectoryPath, "~pending")).Single();
        string folder = Directory.CreateDirectory(
            Path.Combine(repository.DirectoryPath, "snapshots", "20260102T030405Z-0badcafe")).FullName;
        File.Copy(pending, Path.Combine(folder, "etcd.db.zst"));
        File.SetLastWriteTimeUtc(
            Path.Combine(folder, "etcd.db.zst"),
            TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-25));
        string started = TimeProvider
            .System.GetUtcNow()
            .AddHours(-25)
            .ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        File.Move(
            pending,
            Path.Combine(Path.GetDirectoryName(pending)!, started + Path.GetFileName(pending)[started.Length..]));

        Assert.Single(await repository.ListAsync());
        _ = (await repository.RunAsync("prune")).Output;

        Assert.Equal(before, await repository.KeysAsync());
        await repository.HasOnlyListedObjectsAsync();
    }

    private static async Task<TestRepository> WithOneBackupAsync(StoreKind kind)
    {
        TestRepository repository = await TestRepository.NewAsync(kind);
        await PastBackups.MakeAsync(repository.Store, "default", TimeSpan.FromHours(1));
        return repository;
    }

    private static async Task<(int ExitCode, string Output)> StopMidwayAsync(
        TestRepository repository,
        Action<PeerProcess> stop)
    {
        EtcdServer etcd = await SharedServers.LargeEtcdAsync();
        await using HeldTransfer held = new(etcd.Endpoints[0].Port, Midway);
        await using PeerProcess agent = Agent.Start(
            ["backup", .. repository.Options, "--etcd-endpoint", $"http://127.0.0.1:{held.Port}"],
            repository.Environment);
        await held.UntilHeldAsync(agent);
        await repository.UntilPendingAsync();
        stop(agent);
        return (await agent.WaitForExitAsync(), agent.Output);
    }
}
