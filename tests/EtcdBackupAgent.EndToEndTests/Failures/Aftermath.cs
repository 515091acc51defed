using System.Text.Json;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>What has to hold of a repository after whatever happened to it.</summary>
internal static class Aftermath
{
    /// <summary>What was just written counts as old, as a day later.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromMinutes(-1);

    /// <summary>
    /// The ids of the listed snapshots, oldest first; each must be complete, must verify and must come back.
    /// </summary>
    public static async Task<IReadOnlyList<string>> AllListedRestoreAsync(this TestRepository repository)
    {
        IReadOnlyList<string> ids = await repository.ListAsync();
        using TestDirectory directory = new();
        _ = (await repository.RunAsync("verify", "--all")).Output;
        foreach (string id in ids)
        {
            _ = (await repository.RunAsync("restore", id, "--to", directory[id])).Output;
            Assert.True(File.Exists(Path.Combine(directory[id], "etcd-snapshot.db")));
        }

        return ids;
    }

    /// <summary>The ids of the listed snapshots, oldest first; each must be complete.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(this TestRepository repository)
    {
        using JsonDocument list = JsonDocument.Parse((await repository.RunAsync("list", "--output", "json")).Output);
        return
        [
            .. list.RootElement.EnumerateArray().Select(snapshot =>
            {
                Assert.Equal("Complete", snapshot.GetProperty("status").GetString());
                return snapshot.GetProperty("id").GetString()!;
            }),
        ];
    }

    /// <summary>What was begun and not finished.</summary>
    public static async Task<IReadOnlyList<PendingUpload>> PendingAsync(this TestRepository repository) =>
        await repository.Store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync();

    /// <summary>Waits until a write to the store is under way.</summary>
    public static Task UntilPendingAsync(this TestRepository repository) =>
        TestDeadline.UntilAsync(
            "an unfinished write in the store",
            async () => (await repository.PendingAsync()).Count > 0);

    /// <summary>A prune a day later leaves what the listed snapshots consist of, and nothing else.</summary>
    public static async Task PruneADayLaterLeavesOnlyWhatIsListedAsync(this TestRepository repository)
    {
        BackupRepository opened = await BackupRepository.OpenAsync(repository.Store, CancellationToken.None);
        PruneRun prune = new(opened, TimeProvider.System) { UnreferencedAge = AtOnce };
        await prune.ExecuteAsync(rule: null, dryRun: false, CancellationToken.None);
        await repository.HasOnlyWhatIsListedAsync();
    }

    /// <summary>There is nothing but the objects of the snapshots that are listed.</summary>
    public static async Task HasOnlyWhatIsListedAsync(this TestRepository repository)
    {
        BackupRepository opened = await BackupRepository.OpenAsync(repository.Store, CancellationToken.None);
        Inventory inventory = await opened.TakeInventoryAsync(CancellationToken.None);
        Assert.Empty(inventory.Unreadable);
        Assert.Equal(
            inventory.KeysOfListed(),
            await repository.KeysAsync());
        Assert.Empty(await repository.PendingAsync());
    }
}
