using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Verification;
using EtcdBackupAgent.Resources.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Signatures;

/// <summary>
/// Someone can write everything in the repository, but has no signing key: what the signatures detect, attack by
/// attack. Object locks, which prevent some of the attacks, are tested on a real S3 server.
/// </summary>
public sealed class AttackTests : IDisposable
{
    private readonly SignedScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task A_deleted_snapshot_is_missing_until_that_is_accepted()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome lost = await _scene.BackUpAsync(repository, day: 1);
        await _scene.BackUpAsync(repository, day: 2);
        _scene.Remove(lost.Folder);

        // It is reported also after further backups.
        await _scene.BackUpAsync(repository, day: 3);
        Assert.Contains(
            (await SignedScene.InventoryAsync(repository)).Findings,
            f => f.StartsWith($"Snapshot {lost.Folder.Id} (number 1) is missing", StringComparison.Ordinal));

        await new StatementRun(repository).AcceptMissingAsync(
            new("test", "alice", "disk replaced"), CancellationToken.None);
        Assert.Empty((await SignedScene.InventoryAsync(repository)).Findings);
        BackupOutcome next = await _scene.BackUpAsync(repository, day: 4);
        Assert.Equal(2, next.Manifest.Chain!.Roster.Count);
    }

    [Fact]
    public async Task Only_a_number_from_elsewhere_shows_that_the_newest_snapshots_are_gone()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome first = await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome newest = await _scene.BackUpAsync(repository, day: 2);
        _scene.Remove(newest.Folder);

        Inventory inventory = await SignedScene.InventoryAsync(repository);
        string chain = first.Manifest.Chain!.Id;

        Assert.Empty(inventory.Findings);
        Assert.Equal(1, ChainExpectation.NewestNumber(inventory, chain));
        new ChainExpectation(1, first.Manifest.DocumentSha256).Require(inventory, "here", chain);
        foreach (ChainExpectation expected in new[]
        {
            new ChainExpectation(2, null), new ChainExpectation(null, newest.Manifest.DocumentSha256),
        })
        {
            BackupException e = Assert.Throws<BackupException>(() => expected.Require(inventory, "here", chain));
            Assert.Equal(FailureReason.ProtectionChanged, e.Reason);
        }
    }

    [Fact]
    public async Task A_changed_manifest_does_not_count()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome made = await _scene.BackUpAsync(repository, day: 1);
        SnapshotManifest changed = made.Manifest with { Note = "changed", Utf8 = default };
        _scene.Write(made.Folder.ManifestKey.Value, RepositoryJson.Write(changed));

        Snapshot found = (await SignedScene.InventoryAsync(repository)).Find(made.Folder.Id.Value, "");

        Assert.Equal(SignatureState.Invalid, found.Signature.State);
        await AssertRefusedAsync(repository, made.Folder.Id.Value);
    }

    [Fact]
    public async Task A_snapshot_of_another_repository_of_the_same_signer_does_not_count()
    {
        BackupRepository other = await _scene.InitAsync();
        BackupOutcome foreign = await _scene.BackUpAsync(other, day: 5);
        string elsewhere = _scene.Fixture["elsewhere"];
        Directory.Move(_scene.Root, elsewhere);
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome own = await _scene.BackUpAsync(repository, day: 1);

        SignedScene.Copy(
            Path.Combine(elsewhere, foreign.Folder.ToString().TrimEnd('/')), _scene.PathOf(foreign.Folder));

        Inventory inventory = await SignedScene.InventoryAsync(repository);
        Snapshot replayed = inventory.Find(foreign.Folder.Id.Value, "");
        Assert.Contains(
            $"made for repository {other.Document.Id}", replayed.Signature.Problem!, StringComparison.Ordinal);
        Assert.Equal(own.Folder.Id, inventory.Find("latest", "").Id);
    }

    [Fact]
    public async Task A_folder_with_the_documents_of_another_snapshot_does_not_count()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome old = await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome made = await _scene.BackUpAsync(repository, day: 2);

        foreach (string file in new[] { "manifest.json", "manifest.json.sig" })
        {
            File.Copy(
                Path.Combine(_scene.PathOf(old.Folder), file),
                Path.Combine(_scene.PathOf(made.Folder), file),
                overwrite: true);
        }

        Inventory inventory = await SignedScene.InventoryAsync(repository);
        Assert.Equal(old.Folder.Id, Assert.Single(inventory.Snapshots).Id);
        Assert.Equal(made.Folder, Assert.Single(inventory.Unreadable).Folder);
    }

    [Fact]
    public async Task Forged_snapshots_push_no_true_one_out_and_are_never_the_newest()
    {
        BackupRepository repository = await _scene.InitAsync();
        await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome newest = await _scene.BackUpAsync(repository, day: 2);
        using SigningKey forger = SigningKey.Create();
        for (int i = 0; i < 20; i++)
        {
            _scene.Forge(
                newest, $"0badc0{i:x2}", SampleSnapshots.NewYear.AddDays(3).AddHours(i), i % 2 == 0 ? null : forger);
        }

        Inventory inventory = await SignedScene.InventoryAsync(repository);
        PruneReport pruned = await SignedScene.PruneAsync(repository, newest, retain: 2);
        BackupOutcome next = await _scene.BackUpAsync(repository, day: 30);

        Assert.Equal(newest.Folder.Id, inventory.Find("latest", "").Id);
        Assert.Equal(20, inventory.Snapshots.Count(s => !s.IsGood));
        Assert.Empty(pruned.Removed);
        Assert.Equal(3, next.Manifest.Chain!.Number);
        Assert.Equal(2, next.Manifest.Chain.Roster.Count);
        await AssertRefusedAsync(repository, "0badc001");
    }

    [Fact]
    public async Task A_forged_snapshot_of_2030_does_not_count_and_a_signed_one_neither()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome made = await _scene.BackUpAsync(repository, day: 1);
        _scene.Forge(made, "0badc0de", new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        _scene.Forge(made, "0badc1de", new DateTimeOffset(2030, 1, 1, 0, 0, 1, TimeSpan.Zero), _scene.Key);

        Inventory inventory = await SignedScene.InventoryAsync(repository);

        Assert.Equal(made.Folder.Id, inventory.Find("latest", "").Id);
        Assert.Empty((await SignedScene.PruneAsync(repository, made, retain: 1)).Removed);
    }

    [Fact]
    public async Task A_forged_verification_does_not_count()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome made = await _scene.BackUpAsync(repository, day: 1);
        VerificationRecord record = new()
        {
            FormatVersion = 1,
            Id = made.Folder.Id,
            ManifestSha256 = made.Manifest.DocumentSha256,
            StartedAt = TimeProvider.System.GetUtcNow(),
            CompletedAt = TimeProvider.System.GetUtcNow(),
            AgentVersion = "1",
            Result = VerificationResult.Damaged,
            Checks = [],
        };
        _scene.Write(
            made.Folder.VerificationKey(record.CompletedAt).Value, RepositoryJson.Write(record));

        Snapshot found = (await SignedScene.InventoryAsync(repository)).Find("latest", "");

        Assert.True(found.IsGood);
        Assert.Contains("not signed", found.VerificationProblem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StatementKind.Excluded)]
    [InlineData(StatementKind.Released)]
    [InlineData(StatementKind.Retired)]
    [InlineData(StatementKind.Adopted)]
    public async Task A_forged_statement_does_not_count_and_is_reported(StatementKind kind)
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome made = await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome newest = await _scene.BackUpAsync(repository, day: 2);
        await new StatementRun(repository).StateAsync(
            StatementKind.Held, [made.Folder.Id.Value], new("test", "alice", "audit"), CancellationToken.None);
        Statement forged = new()
        {
            FormatVersion = 1,
            RepositoryId = repository.Document.Id,
            Kind = kind,
            MadeAt = TimeProvider.System.GetUtcNow(),
            By = "mallory",
            Reason = "trust me",
            AgentVersion = "1",
            Snapshots = [StatedSnapshot.Of(made.Manifest), StatedSnapshot.Of(newest.Manifest)],
        };
        _scene.Write("statements/20261201T000000Z-0badc0de.json", RepositoryJson.Write(forged));

        Inventory inventory = await SignedScene.InventoryAsync(repository);

        Assert.All(inventory.Snapshots, s => Assert.True(s.IsGood));
        Assert.NotNull(inventory.Find(made.Folder.Id.Value, "").Hold);
        Assert.Contains("0badc0de", Assert.Single(inventory.Findings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signed_statement_of_another_repository_does_not_count()
    {
        BackupRepository other = await _scene.InitAsync();
        BackupOutcome foreign = await _scene.BackUpAsync(other, day: 1);
        await new StatementRun(other).StateAsync(
            StatementKind.Excluded, ["latest"], new("test", "alice", "bad"), CancellationToken.None);
        string elsewhere = _scene.Fixture["elsewhere"];
        Directory.Move(_scene.Root, elsewhere);
        BackupRepository repository = await _scene.InitAsync();
        await _scene.BackUpAsync(repository, day: 1);

        SignedScene.Copy(Path.Combine(elsewhere, "statements"), Path.Combine(_scene.Root, "statements"));

        string finding = Assert.Single((await SignedScene.InventoryAsync(repository)).Findings);
        Assert.Contains(other.Document.Id, finding, StringComparison.Ordinal);
        Assert.NotEqual(foreign.Manifest.RepositoryId, repository.Document.Id);
    }

    [Fact]
    public async Task A_recipient_or_a_signer_is_not_added_without_a_signature()
    {
        BackupRepository repository = await _scene.InitAsync();
        using AgeIdentity mallory = AgeIdentity.Generate();
        using SigningKey forger = SigningKey.Create();
        RepositoryDocument forged = repository.Document with
        {
            Number = 2,
            PreviousSha256 = repository.Document.DocumentSha256,
            Encryption = RepositoryEncryption.To([mallory.Recipient]),
            Signers = [$"{forger.PublicKey}"],
        };
        byte[] utf8 = RepositoryJson.Write(forged);
        _scene.Write("repository.2.json", utf8);
        _scene.Write("repository.2.json.sig", SshSignature.Sign(forger, SignatureNamespace.Repository, utf8));

        BackupRepository opened = await _scene.OpenAsync();

        Assert.Null(opened.Document.Number);
        Assert.Empty(opened.Document.Encryption.Recipients);
        Assert.Contains(
            "not a trusted signer",
            Assert.Single((await SignedScene.InventoryAsync(opened)).Findings),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replaced_repository_document_is_noticed_by_the_pin_of_its_signers()
    {
        await _scene.InitAsync();
        using SigningKey forger = SigningKey.Create();
        BackupLocation location = new()
        {
            Name = new ResourceName("backups", "vault"),
            Url = new Uri($"file://{_scene.Root}"),
            Encryption = new UnencryptedLocation(),
            Signers = [$"{_scene.Key.PublicKey}"],
        };
        ProtectionCheck check = new(new DirectoryRecipientPins(_scene.Fixture["pins"]), TimeProvider.System);
        await check.RequireAsync(await _scene.OpenAsync(), location, CancellationToken.None);

        BackupRepository opened = await _scene.OpenAsync();
        _scene.Write(
            "repository.json", RepositoryJson.Write(opened.Document with { Signers = [$"{forger.PublicKey}"] }));

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            async () => await check.RequireAsync(await _scene.OpenAsync(), location, CancellationToken.None));
        Assert.Equal(FailureReason.ProtectionChanged, e.Reason);
        Assert.Contains(forger.PublicKey.Fingerprint, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_that_was_removed_and_comes_back_pushes_nothing_out()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome old = await _scene.BackUpAsync(repository, day: 1);
        string saved = _scene.Fixture["saved"];
        SignedScene.Copy(_scene.PathOf(old.Folder), saved);
        await _scene.BackUpAsync(repository, day: 2);
        BackupOutcome newest = await _scene.BackUpAsync(repository, day: 3);
        await SignedScene.PruneAsync(repository, newest, retain: 2);

        SignedScene.Copy(saved, _scene.PathOf(old.Folder));
        PruneReport pruned = await SignedScene.PruneAsync(repository, newest, retain: 2);

        Assert.Equal(old.Folder.Id, Assert.Single(pruned.Removed).Snapshot.Id);
        Assert.Equal(
            newest.Folder.Id, (await SignedScene.InventoryAsync(repository)).Find("latest", "").Id);
    }

    [Fact]
    public async Task A_damaged_roster_is_reported_and_stops_nothing()
    {
        BackupRepository repository = await _scene.InitAsync();
        await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome newest = await _scene.BackUpAsync(repository, day: 2);
        _scene.Write(newest.Folder.RosterKey.Value, [1, 2, 3]);

        Inventory inventory = await SignedScene.InventoryAsync(repository);

        Assert.Contains("roster.json", Assert.Single(inventory.Findings), StringComparison.Ordinal);
        Assert.Equal(3, (await _scene.BackUpAsync(repository, day: 3)).Manifest.Chain!.Number);
    }

    private static async Task AssertRefusedAsync(BackupRepository repository, string id)
    {
        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => repository.FindAsync(id, CancellationToken.None));
        Assert.Equal(FailureReason.ProtectionChanged, e.Reason);
        Assert.Equal([Setting.AllowUnsigned], e.Settings);
    }
}
