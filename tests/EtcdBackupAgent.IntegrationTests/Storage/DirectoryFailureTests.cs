using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>Real file systems that are full or read-only.</summary>
public sealed class DirectoryFailureTests
{
    [Fact]
    public async Task A_full_disk_is_reported_keeps_existing_objects_and_leaves_nothing_unfinished()
    {
        await using MountedDirectory mounted = await MountedDirectory.CreateAsync("size=4m");
        using DirectoryObjectStore store = new(mounted.Path, TimeProvider.System);
        await store.PutAsync(new ObjectKey("before"), new PatternStream(1 << 20), CancellationToken.None);

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => store.PutAsync(new ObjectKey("a/b/big"), new PatternStream(20 << 20), CancellationToken.None));

        Assert.Equal(FailureReason.StoreFull, e.Reason);
        Assert.Contains("'a/b/big'", e.Message, StringComparison.Ordinal);
        Assert.Contains(mounted.Path, e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
        Assert.Equal(
            ["before"],
            (await store.ListAsync("", CancellationToken.None).ToListAsync()).Select(found => found.Key.Value));
        Assert.Equal([Path.Combine(mounted.Path, "before")], Directory.EnumerateFileSystemEntries(mounted.Path));
        await store.PutAsync(new ObjectKey("after"), new PatternStream(1 << 20), CancellationToken.None);
    }

    [Fact]
    public async Task A_read_only_disk_is_reported()
    {
        await using MountedDirectory mounted = await MountedDirectory.CreateAsync("size=4m");
        using DirectoryObjectStore store = new(mounted.Path, TimeProvider.System);
        await store.PutAsync(new ObjectKey("before"), new PatternStream(10), CancellationToken.None);
        await mounted.RemountAsync("ro");

        BackupException put = await Assert.ThrowsAsync<BackupException>(
            () => store.PutAsync(new ObjectKey("k"), new PatternStream(1), CancellationToken.None));
        BackupException delete = await Assert.ThrowsAsync<BackupException>(
            () => store.DeleteAsync([new ObjectKey("before")], CancellationToken.None));

        Assert.Equal(FailureReason.StoreDenied, put.Reason);
        Assert.Equal(FailureReason.StoreDenied, delete.Reason);
        Assert.Contains("read-only", put.Message, StringComparison.Ordinal);
        Assert.Contains("'before'", delete.Message, StringComparison.Ordinal);
    }
}
