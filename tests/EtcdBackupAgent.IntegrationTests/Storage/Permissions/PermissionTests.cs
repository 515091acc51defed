using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Restores;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage.Permissions;

/// <summary>A user with exactly the documented permissions can do the task, and nothing more.</summary>
public sealed class PermissionTests(PermissionScene scene) : IClassFixture<PermissionScene>
{
    private const string Prefix = "clusters/one";

    /// <summary>A low work factor, because the passphrases protect nothing.</summary>
    private const int LittleWork = 4;

    private static readonly IProgress<TransferProgress> NoProgress = new Progress<TransferProgress>();

    [Fact]
    public async Task Init_creates_a_repository_and_cannot_back_up_read_or_delete()
    {
        string bucket = await scene.NewBucketAsync(Prefix);
        S3ObjectStore user = scene.Open(bucket, Prefix, "init");

        await BackupRepository.InitAsync(
            user,
            new PassphraseProtection(Passphrase("words")),
            TimeProvider.System,
            CancellationToken.None);

        S3ObjectStore owner = scene.Open(bucket, Prefix);
        await BackupRepository.OpenAsync(owner, CancellationToken.None);
        Assert.Equal(2, (await KeysAsync(owner)).Length);
        await AssertDeniedAsync("s3:PutObject", () => PutAsync(user, "snapshots/x"));
        await AssertDeniedAsync("s3:DeleteObject", () => DeleteAsync(user, "repository.json"));
    }

    [Fact]
    public async Task Backup_backs_up_and_cannot_delete_or_read_data()
    {
        string bucket = await scene.NewBucketAsync(Prefix);
        await InitAsync(bucket);
        S3ObjectStore user = scene.Open(bucket, Prefix, "backup");

        BackupOutcome made = await scene.BackUpAsync(user, day: 1);

        Assert.DoesNotContain(made.Warnings, warning => warning.Contains("Cannot", StringComparison.Ordinal));
        await AssertDeniedAsync("s3:DeleteObject", () => DeleteAsync(user, made.Folder.ManifestKey.Value));
        await AssertDeniedAsync("s3:PutObject", () => PutAsync(scene.Open(bucket, "clusters/two", "backup"), "x"));
        await AssertSoundAsync(scene.Open(bucket, Prefix));

        // On this server the owner of an object may read it, so the test uses another user's object.
        BackupOutcome others = await scene.BackUpAsync(scene.Open(bucket, Prefix), day: 2);
        await AssertDeniedAsync("s3:GetObject", () => ReadAsync(user, others.Manifest.Artifacts[0].Key));
    }

    [Fact]
    public async Task A_failed_backup_reports_what_it_could_not_remove()
    {
        string bucket = await scene.NewBucketAsync(Prefix);
        await InitAsync(bucket);
        S3ObjectStore user = scene.Open(bucket, Prefix, "backup");

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => scene.BackUpAsync(user, day: 1, certificates: "no-such-directory"));

        Assert.Equal(FailureReason.CertificatesUnreadable, e.Reason);
        Assert.Contains("could not be removed either", e.Message, StringComparison.Ordinal);
        Assert.Contains("prune removes them", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_backup_with_retention_exists_and_reports_the_permission_that_pruning_needs()
    {
        string bucket = await scene.NewBucketAsync(Prefix);
        await InitAsync(bucket);
        S3ObjectStore user = scene.Open(bucket, Prefix, "backup");
        await scene.BackUpAsync(user, day: 1);

        BackupOutcome made = await scene.BackUpAsync(user, day: 2, retain: 1);

        Assert.Equal(FailureReason.StoreDenied, made.PruneFailure?.Reason);
        Assert.Contains(
            $"s3:DeleteObject on arn:aws:s3:::{bucket}/{Prefix}/*", made.PruneFailure?.Hint, StringComparison.Ordinal);
        Assert.Equal(2, await AssertSoundAsync(scene.Open(bucket, Prefix)));
    }

    [Fact]
    public async Task Prune_backs_up_and_prunes_without_a_warning_and_does_not_reach_other_prefixes()
    {
        string bucket = await scene.NewBucketAsync(Prefix);
        await InitAsync(bucket);
        S3ObjectStore user = scene.Open(bucket, Prefix, "prune");
        await scene.BackUpAsync(user, day: 1);

        BackupOutcome made = await scene.BackUpAsync(user, day: 2, retain: 1);

        Assert.Null(made.PruneFailure);
        Assert.Empty(made.Pruned!.Warnings);
        Assert.Single(made.Pruned.Removed);
        Assert.Equal(1, await AssertSoundAsync(scene.Open(bucket, Prefix)));
        await PutAsync(scene.Open(bucket, "clusters/two"), "x");
        await AssertDeniedAsync("s3:DeleteObject", () => DeleteAsync(scene.Open(bucket, "clusters/two", "prune"), "x"));
    }

    [Fact]
    public async Task Prune_deletes_a_snapshot_by_its_id()
    {
        string bucket = await scene.NewBucketAsync(Prefix);
        await InitAsync(bucket);
        S3ObjectStore user = scene.Open(bucket, Prefix, "prune");
        BackupOutcome made = await scene.BackUpAsync(user, day: 1);

        await new DeleteRun(await OpenAsync(user), "test").ExecuteAsync(made.Folder.Id.Value, CancellationToken.None);

        Assert.Equal(["repository.json"], await KeysAsync(scene.Open(bucket, Prefix)));
    }

    [Fact]
    public async Task Restore_lists_verifies_and_restores_and_cannot_store_or_delete()
    {
        string bucket = await scene.NewBucketAsync(Prefix);
        await InitAsync(bucket);
        BackupOutcome made = await scene.BackUpAsync(scene.Open(bucket, Prefix, "prune"), day: 1);
        S3ObjectStore user = scene.Open(bucket, Prefix, "restore");

        Assert.Equal(1, await AssertSoundAsync(user));
        string target = scene.NewTarget();
        await new RestoreRun(await OpenAsync(user)).ExecuteAsync(
            RestoreSelection.Of("latest"), [], target, overwrite: false, NoProgress, CancellationToken.None);

        Assert.Equal(2, Directory.GetFileSystemEntries(target).Length);
        await AssertDeniedAsync("s3:PutObject", () => PutAsync(user, "x"));
        await AssertDeniedAsync("s3:DeleteObject", () => DeleteAsync(user, made.Folder.ManifestKey.Value));
    }

    [Fact]
    public async Task Keys_changes_passphrases_and_recipients_and_cannot_touch_snapshots()
    {
        string bucket = await scene.NewBucketAsync(Prefix);
        using AgePassphrase first = Passphrase("first");
        using AgePassphrase second = Passphrase("second");
        await BackupRepository.InitAsync(
            scene.Open(bucket, Prefix, "init"),
            new PassphraseProtection(first),
            TimeProvider.System,
            CancellationToken.None);
        BackupOutcome made = await scene.BackUpAsync(scene.Open(bucket, Prefix, "backup"), day: 1);
        S3ObjectStore user = scene.Open(bucket, Prefix, "keys");
        BackupRepository repository = await OpenAsync(user);

        RepositoryKeys keys = new(repository, TimeProvider.System);
        await keys.ChangePassphraseAsync(first, second, CancellationToken.None);
        using OpenedKeys opened = await keys.OpenAsync(second, CancellationToken.None);
        using AgeIdentity further = AgeIdentity.Generate();
        await keys.AddRecipientAsync(opened.Identities, further.Recipient, CancellationToken.None);

        Assert.Single(await keys.ListAsync(CancellationToken.None));
        Assert.Equal(2, (await OpenAsync(user)).Document.Encryption.Recipients.Count);
        await AssertDeniedAsync("s3:DeleteObject", () => DeleteAsync(user, made.Folder.ManifestKey.Value));
        await AssertDeniedAsync("s3:PutObject", () => PutAsync(user, "snapshots/x"));
    }

    [Fact]
    public async Task Vault_backs_up_under_a_lock_prunes_afterwards_and_cannot_lift_a_lock()
    {
        string bucket = await scene.NewBucketAsync(Prefix, hasLocks: true);
        S3ObjectStore user = scene.Open(bucket, Prefix, "vault");
        using LockedObjectStore locked = new(
            user, new LockRule(ObjectLockMode.Governance, TimeSpan.FromSeconds(10)), TimeProvider.System);
        await BackupRepository.InitAsync(locked, new Unprotected(), TimeProvider.System, CancellationToken.None);

        BackupOutcome old = await scene.BackUpAsync(locked, day: 1);

        ObjectVersion[] versions =
        [
            .. await user.Locks.ListVersionsAsync("", CancellationToken.None).ToListAsync(),
        ];
        using BucketOwner attacker = scene.AsUser("vault");
        foreach (ObjectVersion version in versions)
        {
            Amazon.S3.AmazonS3Exception e = await Assert.ThrowsAsync<Amazon.S3.AmazonS3Exception>(
                () => attacker.DeleteBypassingAsync(bucket, $"{Prefix}/{version.Key}", version.VersionId));
            Assert.Equal(System.Net.HttpStatusCode.Forbidden, e.StatusCode);
        }

        ObjectLock found = (await user.Locks.FindAsync(old.Folder.ManifestKey, CancellationToken.None))!;
        await LockedRepository.UntilOverAsync(found);
        BackupOutcome made = await scene.BackUpAsync(locked, day: 2);
        PruneReport pruned = await new PruneRun(await OpenAsync(locked), "test", TimeProvider.System).ExecuteAsync(
            RetentionRule.After(made.Manifest, PolicyRetention.Newest(1)), dryRun: false, CancellationToken.None);

        Assert.Empty(pruned.Warnings);
        Assert.Equal(old.Folder, Assert.Single(pruned.Removed).Snapshot.Folder);
        Assert.Empty(await user.Locks.ListVersionsAsync(old.Folder.ToString(), CancellationToken.None).ToListAsync());
    }

    private static AgePassphrase Passphrase(string text) => new(text) { WorkFactor = LittleWork };

    private Task InitAsync(string bucket) => BackupRepository.InitAsync(
        scene.Open(bucket, Prefix, "init"), new Unprotected(), TimeProvider.System, CancellationToken.None);

    private static Task<BackupRepository> OpenAsync(IObjectStore store) =>
        BackupRepository.OpenAsync(store, CancellationToken.None);

    private static async Task<string[]> KeysAsync(IObjectStore store) =>
        [.. await store.ListAsync("", CancellationToken.None).Select(found => found.Key.Value).ToListAsync()];

    private static Task PutAsync(IObjectStore store, string key) =>
        store.PutAsync(new ObjectKey(key), new PatternStream(10), CancellationToken.None);

    private static Task DeleteAsync(IObjectStore store, string key) =>
        store.DeleteAsync([new ObjectKey(key)], CancellationToken.None);

    private static async Task ReadAsync(IObjectStore store, ObjectKey key)
    {
        await using Stream stream = await store.OpenReadAsync(key, range: null, CancellationToken.None);
    }

    /// <returns>The number of snapshots, all of them sound.</returns>
    private static async Task<int> AssertSoundAsync(IObjectStore store)
    {
        int count = 0;
        VerifyRun run = new(await OpenAsync(store), []);
        await foreach (VerifyOutcome outcome in run.VerifyAllAsync(NoProgress, CancellationToken.None))
        {
            Assert.True(outcome.IsSound);
            count++;
        }

        return count;
    }

    private static async Task AssertDeniedAsync(string right, Func<Task> call)
    {
        BackupException e = await Assert.ThrowsAsync<BackupException>(call);
        Assert.Equal(FailureReason.StoreDenied, e.Reason);
        Assert.Contains(right, e.Hint, StringComparison.Ordinal);
    }
}
