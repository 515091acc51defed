using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Copies;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Locks;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Core;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>
/// Someone has all keys of a bucket with Object Lock, but no signing key, and attacks the repository in it. The table
/// in <c>docs/security.md</c> names these tests.
/// </summary>
[Collection(RgwTests.Name)]
public sealed class VaultAttackTests(RgwFixture fixture) : IDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    /// <summary>Ceph 16 computes dates after 2106 modulo 2^32 seconds.</summary>
    private static readonly TimeSpan Decades = TimeSpan.FromDays(60 * 365);

    private readonly LockedRepository _scene = new(fixture);
    private readonly SigningKey _key = SigningKey.Create();
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task What_is_locked_is_neither_removed_nor_replaced()
    {
        BackupOutcome[] made = await MakeAsync(count: 3);
        ObjectVersion[] before = [.. await _scene.VersionsAsync()];

        // Nothing can be removed by its version.
        foreach (ObjectVersion version in before)
        {
            BackupException e = await Assert.ThrowsAsync<BackupException>(
                () => _scene.Locks.DeleteVersionAsync(version, CancellationToken.None));
            Assert.Equal(FailureReason.ObjectLocked, e.Reason);
        }

        // A deletion and newer versions hide everything, and change nothing.
        await _scene.Bare.DeleteAsync([.. before.Select(v => v.Key)], CancellationToken.None);
        await Assert.ThrowsAsync<BackupException>(() => OpenAsync(_scene.Bare));
        using (MemoryStream rubbish = new([1, 2, 3]))
        {
            await _scene.Bare.PutAsync(made[2].Folder.ManifestKey, rubbish, CancellationToken.None);
        }

        BackupRepository original = await OpenAsync(new OriginalVersionsStore(_scene.Bare));
        Inventory inventory = await original.TakeInventoryAsync(CancellationToken.None);
        Assert.Equal(3, inventory.Snapshots.Count(s => s.IsGood && s.Signature.State == SignatureState.Valid));
        Assert.Equal(made[2].Folder.Id, inventory.Find("latest", "").Id);
        using AgePassphrase passphrase = new("correct horse");
        using OpenedKeys keys =
            await new RepositoryKeys(original, TimeProvider.System).OpenAsync(passphrase, CancellationToken.None);
        Assert.NotEmpty(keys.Identities);
    }

    [Fact]
    public async Task A_forged_document_of_the_repository_hides_the_true_one_and_does_not_replace_it()
    {
        await MakeAsync(count: 1);
        using SigningKey forger = SigningKey.Create();
        RepositoryDocument document = (await OpenAsync(_scene.Bare)).Document;
        using MemoryStream forged = new(
            RepositoryJson.Write(document with { Signers = [$"{forger.PublicKey}"] }));
        await _scene.Bare.PutAsync(new ObjectKey("repository.json"), forged, CancellationToken.None);

        // Whoever names the signers does not follow the forged document.
        BackupRepository pinned = await OpenAsync(_scene.Bare);
        Assert.True(Assert.Single((await pinned.TakeInventoryAsync(CancellationToken.None)).Snapshots).IsGood);
        BackupRepository original = await OpenAsync(new OriginalVersionsStore(_scene.Bare));
        Assert.Equal([$"{_key.PublicKey}"], original.Document.Signers);
    }

    [Fact]
    public async Task A_lock_of_decades_is_shown()
    {
        BackupOutcome made = (await MakeAsync(count: 1))[0];
        ObjectLock set = (await _scene.Locks.FindAsync(made.Folder.ManifestKey, CancellationToken.None))!;
        await _scene.Locks.RequireAsync(
            made.Folder.ManifestKey, set with { Until = set.Until + Decades }, CancellationToken.None);

        Snapshot shown = Assert.Single(
            (await (await OpenAsync(_scene.Bare)).TakeInventoryAsync(CancellationToken.None)).Snapshots);

        Assert.True(shown.Lock!.Until > TimeProvider.System.GetUtcNow() + Decades);
    }

    [Fact]
    public async Task A_second_location_has_everything_when_the_bucket_is_gone()
    {
        BackupOutcome[] made = await MakeAsync(count: 2);
        using DirectoryObjectStore far = new(_directory["copy"], TimeProvider.System);
        BackupRepository source = await OpenAsync(_scene.Bare);
        await foreach (CopyOutcome outcome in new CopyRun(source, far, TimeProvider.System)
            .ExecuteAsync(idText: null, UseCaseFixture.NoProgress, _ => { }, CancellationToken.None))
        {
            Assert.Null(outcome.Problem);
        }

        Inventory copied = await (await OpenAsync(far)).TakeInventoryAsync(CancellationToken.None);

        Assert.Empty(copied.Findings);
        Assert.Equal(made[1].Folder.Id, copied.Find("latest", "").Id);
        Assert.All(copied.Snapshots, s => Assert.Equal(SignatureState.Valid, s.Signature.State));
    }

    public void Dispose()
    {
        _key.Dispose();
        _scene.Dispose();
        _directory.Dispose();
    }

    /// <summary>Makes a locked repository with a signer and a passphrase, and backups in it.</summary>
    private async Task<BackupOutcome[]> MakeAsync(int count)
    {
        LockedObjectStore store = _scene.Open(Hour);
        using AgePassphrase passphrase = new("correct horse");
        await BackupRepository.InitAsync(
            store,
            new PassphraseProtection(passphrase) { Signers = [_key.PublicKey] },
            TimeProvider.System,
            CancellationToken.None);
        BackupRepository repository = await BackupRepository.OpenAsync(
            store, new DocumentSigning { Key = _key }, TimeProvider.System, CancellationToken.None);
        List<BackupOutcome> made = [];
        for (int i = 0; i < count; i++)
        {
            made.Add(await _scene.BackUpAsync(repository));
        }

        return [.. made];
    }

    private Task<BackupRepository> OpenAsync(IObjectStore store) => BackupRepository.OpenAsync(
        store,
        new DocumentSigning { Pinned = TrustedSigners.Of([$"{_key.PublicKey}"], isPinned: true) },
        TimeProvider.System,
        CancellationToken.None);
}
