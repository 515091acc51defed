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

/// <summary>Assertions about a repository that must hold after any failure.</summary>
internal static class RepositoryAssertions
{
    /// <summary>With this minimum age, an object that was just written counts as old.</summary>
    private static readonly TimeSpan NoMinimumAge = TimeSpan.FromMinutes(-1);

    /// <summary>
    /// Returns the ids of the listed snapshots, oldest first. Each must be complete, verify, and be restorable.
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

    /// <summary>Returns the ids of the listed snapshots, oldest first. Each must be complete.</summary>
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

    /// <summary>Returns the unfinished uploads.</summary>
    public static async Task<IReadOnlyList<PendingUpload>> PendingAsync(this TestRepository repository) =>
        await repository.Store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync();

    /// <summary>Waits until the store has an unfinished write.</summary>
    public static Task UntilPendingAsync(this TestRepository repository) =>
        TestDeadline.UntilAsync(
            "an unfinished write in the store",
            async () => (await repository.PendingAsync()).Count > 0);

    /// <summary>Asserts that a prune one day later leaves only the objects of the listed snapshots.</summary>
    public static async Task PruneOneDayLaterLeavesOnlyListedObjectsAsync(this TestRepository repository)
    {
        BackupRepository opened = await BackupRepository.OpenAsync(repository.Store, CancellationToken.None);
        PruneRun prune = new(opened, "test", TimeProvider.System) { UnreferencedAge = NoMinimumAge };
        await prune.ExecuteAsync(rule: null, dryRun: false, CancellationToken.None);
        await repository.HasOnlyListedObjectsAsync();
    }

    /// <summary>Asserts that only the objects of the listed snapshots exist.</summary>
    public static async Task HasOnlyListedObjectsAsync(this TestRepository repository)
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
