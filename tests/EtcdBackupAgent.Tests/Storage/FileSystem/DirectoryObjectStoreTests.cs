using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.Tests.Storage.FileSystem;

public sealed class DirectoryObjectStoreTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly DirectoryObjectStore _store;

    public DirectoryObjectStoreTests() => _store = new DirectoryObjectStore(_directory["store"], TimeProvider.System);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Files_and_directories_are_accessible_to_their_owner_only()
    {
        await _store.EnsureCreatedAsync(CancellationToken.None);
        await PutAsync("snapshots/one/etcd.db.zst");

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode("store/snapshots/one/etcd.db.zst"));
        foreach (string path in new[] { "store", "store/snapshots", "store/snapshots/one" })
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, Mode(path));
        }
    }

    [Fact]
    public async Task Puts_leave_only_the_objects_and_deletes_leave_nothing()
    {
        await _store.EnsureCreatedAsync(CancellationToken.None);
        await PutAsync("a/b/c/1");
        await PutAsync("a/2");
        Assert.Equal(["a", "a/2", "a/b", "a/b/c", "a/b/c/1"], Entries());

        await _store.DeleteAsync([new ObjectKey("a/b/c/1")], CancellationToken.None);
        Assert.Equal(["a", "a/2"], Entries());

        await _store.DeleteAsync([new ObjectKey("a/2")], CancellationToken.None);
        Assert.Empty(Entries());
    }

    [Fact]
    public async Task A_directory_that_others_create_and_remove_at_the_same_time_exists_or_is_reported_as_missing()
    {
        const int Rounds = 3_000;
        const int Makers = 3;
        string directory = _directory["come-and-go"];

        IEnumerable<Exception>[] failures = await Task.WhenAll(Enumerable.Range(0, Makers).Select(_ => Task.Run(() =>
            Enumerable.Range(0, Rounds)
                .Select(_ =>
                {
                    ObjectTree.TryRemove(directory);
                    return Record.Exception(() => ObjectTree.CreateDirectory(directory, durable: false));
                })
                .OfType<Exception>()
                .ToList()
                .AsEnumerable())));

        Assert.All(
            failures.SelectMany(each => each),
            failure => Assert.True(FileErrors.IsMissing(failure), failure.ToString()));
    }

    [Fact]
    public async Task Puts_and_deletes_in_one_directory_do_not_disturb_each_other()
    {
        await _store.EnsureCreatedAsync(CancellationToken.None);

        await Parallel.ForEachAsync(Enumerable.Range(0, 8), async (writer, token) =>
        {
            for (int i = 0; i < 20; i++)
            {
                ObjectKey key = new($"shared/deep/{writer}");
                await _store.PutAsync(key, new PatternStream(1), token);
                await _store.DeleteAsync([key], token);
            }
        });

        Assert.Empty(Entries());
    }

    [Fact]
    public async Task A_missing_directory_is_empty_for_readers_and_an_error_for_writers()
    {
        BackupException e = await Assert.ThrowsAsync<BackupException>(() => PutAsync("k"));

        Assert.Equal(FailureReason.StoreFailed, e.Reason);
        Assert.Contains($"'{_directory["store"]}' does not exist", e.Message, StringComparison.Ordinal);
        Assert.Empty(await _store.ListAsync("", CancellationToken.None).ToListAsync());
        Assert.Empty(await _store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
        await _store.DeleteAsync([new ObjectKey("k")], CancellationToken.None);
        Assert.False(Directory.Exists(_directory["store"]));
    }

    [Fact]
    public async Task A_directory_without_write_permission_is_denied_with_its_path()
    {
        // Not even root may create directories there.
        using DirectoryObjectStore store = new("/sys/etcd-backup-agent", TimeProvider.System);

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => store.EnsureCreatedAsync(CancellationToken.None));

        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains("/sys/etcd-backup-agent", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
    }

    [Fact]
    public async Task Links_in_the_directory_are_not_followed()
    {
        await _store.EnsureCreatedAsync(CancellationToken.None);
        _directory.Create("outside");
        await File.WriteAllTextAsync(_directory["outside/secret"], "secret");
        Directory.CreateSymbolicLink(_directory["store/linked"], _directory["outside"]);
        File.CreateSymbolicLink(_directory["store/file"], _directory["outside/secret"]);

        Assert.Empty(await _store.ListAsync("", CancellationToken.None).ToListAsync());
        Func<Task>[] calls =
        [
            () => _store.OpenReadAsync(new ObjectKey("file"), null, CancellationToken.None),
            () => _store.OpenReadAsync(new ObjectKey("linked/secret"), null, CancellationToken.None),
            () => PutAsync("linked/new"),
            () => _store.DeleteAsync([new ObjectKey("linked/secret")], CancellationToken.None),
        ];
        foreach (Func<Task> call in calls)
        {
            BackupException e = await Assert.ThrowsAsync<BackupException>(call);
            Assert.Contains("is a symbolic link", e.Message, StringComparison.Ordinal);
        }

        Assert.Equal(["secret"], Directory.EnumerateFiles(_directory["outside"]).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Foreign_names_are_skipped()
    {
        await _store.EnsureCreatedAsync(CancellationToken.None);
        await PutAsync("ok");
        await File.WriteAllTextAsync(_directory["store/with blank"], "");
        _directory.Create("store/lost+found");
        await File.WriteAllTextAsync(_directory["store/lost+found/x"], "");

        Assert.Equal(
            ["ok"],
            (await _store.ListAsync("", CancellationToken.None).ToListAsync()).Select(found => found.Key.Value));
    }

    [Fact]
    public async Task The_remains_of_a_killed_process_are_listed_and_can_be_aborted()
    {
        await _store.EnsureCreatedAsync(CancellationToken.None);
        string pending = _directory.Create("store/~pending");
        DateTimeOffset began = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        PendingFile.Create(pending, new ObjectKey("snapshots/one/etcd.db.zst"), began).Dispose();
        await File.WriteAllTextAsync(Path.Combine(pending, "foreign"), "");

        PendingUpload left = Assert.Single(await _store.ListPendingUploadsAsync(CancellationToken.None).ToListAsync());
        Assert.Equal(("snapshots/one/etcd.db.zst", began), (left.Key, left.StartedAt));
        Assert.Empty(await _store.ListAsync("", CancellationToken.None).ToListAsync());
        await _store.AbortUploadAsync(left, CancellationToken.None);

        Assert.Equal(["~pending", "~pending/foreign"], Entries());
    }

    [Theory]
    [InlineData("../../outside")]
    [InlineData("20260102T030405Z-01234567~/../x")]
    [InlineData("")]
    public async Task An_abort_deletes_only_pending_files(string uploadId)
    {
        PendingUpload upload = new() { Key = "k", UploadId = uploadId, StartedAt = default };

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => _store.AbortUploadAsync(upload, CancellationToken.None));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
    }

    [Fact]
    public async Task A_file_that_is_shortened_while_it_is_read_is_detected()
    {
        await _store.EnsureCreatedAsync(CancellationToken.None);
        await _store.PutAsync(new ObjectKey("k"), new PatternStream(1000), CancellationToken.None);
        await using Stream stream = await _store.OpenReadAsync(new ObjectKey("k"), null, CancellationToken.None);
        await stream.ReadExactlyAsync(new byte[100]);
        await using (FileStream file = new(_directory["store/k"], FileMode.Open, FileAccess.Write))
        {
            file.SetLength(500);
        }

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => stream.CopyToAsync(Stream.Null));

        Assert.Contains("shortened", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(28, FailureReason.StoreFull)]
    [InlineData(122, FailureReason.StoreFull)]
    [InlineData(30, FailureReason.StoreDenied)]
    [InlineData(5, FailureReason.StoreFailed)]
    public void Errors_of_the_file_system_have_their_reason(int errno, FailureReason reason)
    {
        BackupException e = FileErrors.Translate(new IOException("text", errno), "store 'k'", "/backups");

        Assert.Equal(reason, e.Reason);
        Assert.StartsWith("Cannot store 'k' in '/backups': ", e.Message, StringComparison.Ordinal);
    }

    private Task<long> PutAsync(string key) =>
        _store.PutAsync(new ObjectKey(key), new PatternStream(10), CancellationToken.None);

    private UnixFileMode Mode(string path) => new FileInfo(_directory[path]).UnixFileMode;

    private IEnumerable<string> Entries() => Directory
        .EnumerateFileSystemEntries(_directory["store"], "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(_directory["store"], path))
        .Order(StringComparer.Ordinal);
}
