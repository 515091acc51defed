using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>Several agents that use one repository at the same time.</summary>
public sealed class SimultaneousTests
{
    private const long Midway = 24 << 20;

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.S3)]
    public async Task Two_simultaneous_backups_both_succeed(StoreKind kind)
    {
        using TestRepository repository = await TestRepository.NewAsync(kind);
        await PastBackups.MakeAsync(repository.Store, "default");
        await using HeldTransfer oneHeld = await HoldAsync();
        await using HeldTransfer otherHeld = await HoldAsync();
        await using PeerProcess one = BackUpThrough(oneHeld, repository);
        await using PeerProcess other = BackUpThrough(otherHeld, repository);
        await oneHeld.UntilHeldAsync(one);
        await otherHeld.UntilHeldAsync(other);

        oneHeld.Release();
        otherHeld.Release();

        Assert.True(await one.WaitForExitAsync() == 0, one.Output);
        Assert.True(await other.WaitForExitAsync() == 0, other.Output);
        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
        await repository.HasOnlyListedObjectsAsync();
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.S3)]
    public async Task A_prune_during_a_backup_does_not_affect_the_backup(StoreKind kind)
    {
        using TestRepository repository = await TestRepository.NewAsync(kind);
        await PastBackups.MakeAsync(repository.Store, "default", Hours(5));
        await using HeldTransfer held = await HoldAsync();
        await using PeerProcess agent = BackUpThrough(held, repository);
        await held.UntilHeldAsync(agent);
        await repository.UntilPendingAsync();

        _ = (await repository.RunAsync("prune", "--policy", "default", "--retain", "1")).Output;
        Assert.Single(await repository.ListAsync());
        held.Release();

        Assert.True(await agent.WaitForExitAsync() == 0, agent.Output);
        Assert.Equal(2, (await repository.AllListedRestoreAsync()).Count);
        await repository.HasOnlyListedObjectsAsync();
    }

    [Theory]
    [InlineData(StoreKind.Directory)]
    [InlineData(StoreKind.S3)]
    public async Task Simultaneous_prunes_and_listings_agree_and_keep_the_right_snapshots(StoreKind kind)
    {
        using TestRepository repository = await TestRepository.NewAsync(kind);
        await PastBackups.MakeAsync(repository.Store, "default", Hours(20));
        IReadOnlyList<string> all = await repository.ListAsync();

        Task<ToolResult>[] prunes =
        [
            .. Enumerable.Range(0, 3).Select(_ => repository.RunAsync("prune", "--policy", "default", "--retain", "2")),
            repository.RunAsync("list"),
        ];

        Assert.All(await Task.WhenAll(prunes), result => Assert.True(result.ExitCode == 0, result.StandardError));
        Assert.Equal(all.TakeLast(2), await repository.AllListedRestoreAsync());
        await repository.HasOnlyListedObjectsAsync();
    }

    private static IEnumerable<TimeSpan> Hours(int count) =>
        Enumerable.Range(1, count).Select(hours => TimeSpan.FromHours(count + 1 - hours));

    private static async Task<HeldTransfer> HoldAsync() =>
        new((await SharedServers.LargeEtcdAsync()).Endpoints[0].Port, Midway);

    private static PeerProcess BackUpThrough(HeldTransfer held, TestRepository repository) => Agent.Start(
        ["backup", .. repository.Options, "--etcd-endpoint", $"http://127.0.0.1:{held.Port}"], repository.Environment);
}
