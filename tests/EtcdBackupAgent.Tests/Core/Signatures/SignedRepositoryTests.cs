using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Core.Signatures;
using EtcdBackupAgent.Core.Statements;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Signatures;

public sealed class SignedRepositoryTests : IDisposable
{
    private static readonly StatementWords Words = new("test", "alice", "before the audit");

    private readonly SignedScene _scene = new();

    public void Dispose() => _scene.Dispose();

    [Fact]
    public async Task Each_snapshot_continues_the_chain_and_lists_those_that_exist()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome first = await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome second = await _scene.BackUpAsync(repository, day: 2);
        BackupOutcome third = await _scene.BackUpAsync(repository, day: 3);

        Assert.Equal([1, 2, 3], new[] { first, second, third }.Select(made => made.Manifest.Chain!.Number));
        Assert.Single(new[] { first, second, third }.Select(made => made.Manifest.Chain!.Id).Distinct());
        Assert.Null(first.Manifest.Chain!.Previous);
        Assert.Equal(second.Folder.Id, third.Manifest.Chain!.Previous!.Id);
        Assert.Equal(second.Manifest.DocumentSha256, third.Manifest.Chain.Previous.ManifestSha256);
        Assert.Equal(2, third.Manifest.Chain.Roster.Count);
        Assert.Equal(repository.Document.Id, third.Manifest.RepositoryId);
        Inventory inventory = await SignedScene.InventoryAsync(repository);
        Assert.Empty(inventory.Findings);
        Assert.All(inventory.Snapshots, s => Assert.Equal(SignatureState.Valid, s.Signature.State));
    }

    [Fact]
    public async Task A_repository_without_signers_has_no_new_objects_and_no_new_fields()
    {
        BackupRepository repository = await _scene.InitAsync(isSigned: false);
        BackupOutcome made = await _scene.BackUpAsync(repository, day: 1);

        Assert.Equal(1, repository.Document.FormatVersion);
        Assert.Null(made.Manifest.Chain);
        Assert.Null(made.Manifest.RepositoryId);
        Assert.DoesNotContain(
            _scene.Fixture.StoredFiles(),
            f => f.EndsWith(".sig", StringComparison.Ordinal) || f.Contains("roster", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_key_of_a_signer_nothing_is_written_or_removed()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome made = await _scene.BackUpAsync(repository, day: 1);
        IReadOnlyList<string> before = _scene.Fixture.StoredFiles();
        BackupRepository keyless = await BackupRepository.OpenAsync(_scene.Fixture.Store, CancellationToken.None);
        using SigningKey stranger = SigningKey.Create();
        BackupRepository strange = await _scene.OpenAsync(stranger);

        foreach (BackupRepository opened in new[] { keyless, strange })
        {
            Func<Task>[] writes =
            [
                () => _scene.BackUpAsync(opened, day: 2),
                () => SignedScene.PruneAsync(opened, made, retain: 1),
                () => new DeleteRun(opened, "test").ExecuteAsync("latest", CancellationToken.None),
                () => new StatementRun(opened).StateAsync(
                    StatementKind.Held, ["latest"], Words, CancellationToken.None),
                () => new StatementRun(opened).AcceptMissingAsync(Words, CancellationToken.None),
            ];
            foreach (Func<Task> write in writes)
            {
                BackupException e = await Assert.ThrowsAsync<BackupException>(write);
                Assert.Equal(FailureReason.KeyRefused, e.Reason);
                Assert.Equal([Setting.SigningKey], e.Settings);
            }
        }

        Assert.Equal(before, _scene.Fixture.StoredFiles());
    }

    [Fact]
    public async Task Retention_states_what_it_removes_and_lets_the_statement_go_when_no_roster_mentions_it()
    {
        BackupRepository repository = await _scene.InitAsync();
        await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome second = await _scene.BackUpAsync(repository, day: 2);

        await SignedScene.PruneAsync(repository, second, retain: 1);
        Assert.Equal(2, Statements().Length);
        Assert.Empty((await SignedScene.InventoryAsync(repository)).Findings);

        BackupOutcome third = await _scene.BackUpAsync(repository, day: 3);
        Assert.Equal(3, third.Manifest.Chain!.Number);
        Assert.Equal(1, third.Manifest.Chain.Roster.Count);
        await SignedScene.PruneAsync(repository, third, retain: 2);
        Assert.Empty(Statements());
        Assert.Empty((await SignedScene.InventoryAsync(repository)).Findings);
    }

    [Fact]
    public async Task A_number_is_not_used_again_after_the_newest_snapshot_was_deleted()
    {
        BackupRepository repository = await _scene.InitAsync();
        await _scene.BackUpAsync(repository, day: 1);
        await _scene.BackUpAsync(repository, day: 2);
        await new DeleteRun(repository, "test").ExecuteAsync("latest", CancellationToken.None);

        BackupOutcome next = await _scene.BackUpAsync(repository, day: 3);

        Assert.Equal(3, next.Manifest.Chain!.Number);
        Assert.Empty((await SignedScene.InventoryAsync(repository)).Findings);
    }

    [Fact]
    public async Task Two_writers_may_use_one_number_and_both_are_in_the_next_roster()
    {
        BackupRepository repository = await _scene.InitAsync();
        await _scene.BackUpAsync(repository, day: 1);
        string copy = _scene.Fixture["copy"];
        SignedScene.Copy(_scene.Root, copy);
        BackupOutcome one = await _scene.BackUpAsync(repository, day: 2);
        string other = _scene.Fixture["other"];
        Directory.Move(_scene.Root, other);
        Directory.Move(copy, _scene.Root);
        BackupOutcome two = await _scene.BackUpAsync(repository, day: 3);
        SignedScene.Copy(other, _scene.Root);

        Assert.Equal(one.Manifest.Chain!.Number, two.Manifest.Chain!.Number);
        Assert.Empty((await SignedScene.InventoryAsync(repository)).Findings);
        BackupOutcome next = await _scene.BackUpAsync(repository, day: 4);
        Assert.Equal(3, next.Manifest.Chain!.Roster.Count);
        Assert.Equal(3, next.Manifest.Chain.Number);
    }

    [Fact]
    public async Task A_hold_survives_retention_and_delete_until_it_is_released()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome held = await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome newest = await _scene.BackUpAsync(repository, day: 2);
        await StateAsync(repository, StatementKind.Held, held);

        PruneReport kept = await SignedScene.PruneAsync(repository, newest, retain: 1);
        BackupException refused = await Assert.ThrowsAsync<BackupException>(
            () => new DeleteRun(repository, "test").ExecuteAsync(held.Folder.Id.Value, CancellationToken.None));
        await StateAsync(repository, StatementKind.Released, held);
        PruneReport removed = await SignedScene.PruneAsync(repository, newest, retain: 1);

        Assert.Empty(kept.Removed);
        Assert.Contains(kept.Decisions, d => d.Reason.Contains("held: before the audit", StringComparison.Ordinal));
        Assert.Equal(FailureReason.Refused, refused.Reason);
        Assert.Contains("before the audit", refused.Message, StringComparison.Ordinal);
        Assert.Equal(held.Folder.Id, Assert.Single(removed.Removed).Snapshot.Id);
    }

    [Fact]
    public async Task Holds_and_exclusions_need_no_signature_in_a_repository_without_signers()
    {
        BackupRepository repository = await _scene.InitAsync(isSigned: false);
        BackupOutcome first = await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome second = await _scene.BackUpAsync(repository, day: 2);
        await StateAsync(repository, StatementKind.Held, first);
        await StateAsync(repository, StatementKind.Excluded, second);

        Inventory inventory = await SignedScene.InventoryAsync(repository);

        Assert.NotNull(inventory.Find(first.Folder.Id.Value, "").Hold);
        Assert.Equal(first.Folder.Id, inventory.Find("latest", "").Id);
        Assert.DoesNotContain(Statements(), f => f.EndsWith(".sig", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_excluded_snapshot_is_not_latest_and_is_not_counted()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome good = await _scene.BackUpAsync(repository, day: 1);
        BackupOutcome bad = await _scene.BackUpAsync(repository, day: 2);
        await StateAsync(repository, StatementKind.Excluded, bad);

        Inventory excluded = await SignedScene.InventoryAsync(repository);
        PruneReport pruned = await SignedScene.PruneAsync(repository, good, retain: 1);
        await StateAsync(repository, StatementKind.Released, bad);

        Assert.Equal(good.Folder.Id, excluded.Find("latest", "").Id);
        Assert.Empty(pruned.Removed);
        Assert.Equal(bad.Folder.Id, (await SignedScene.InventoryAsync(repository)).Find("latest", "").Id);
    }

    [Fact]
    public async Task The_first_signer_adopts_what_exists()
    {
        BackupRepository plain = await _scene.InitAsync(isSigned: false);
        BackupOutcome old = await _scene.BackUpAsync(plain, day: 1);

        BackupRepository repository = await new SignerChange(plain, location: null, "test")
            .AddAsync(_scene.Key.PublicKey, _scene.Key, CancellationToken.None);
        BackupOutcome made = await _scene.BackUpAsync(await _scene.OpenAsync(), day: 2);

        Assert.Equal(2, repository.Document.FormatVersion);
        Inventory inventory = await SignedScene.InventoryAsync(await _scene.OpenAsync());
        Assert.Equal(SignatureState.Vouched, inventory.Find(old.Folder.Id.Value, "").Signature.State);
        Assert.Equal(SignatureState.Valid, inventory.Find(made.Folder.Id.Value, "").Signature.State);
        Assert.All(inventory.Snapshots, s => Assert.True(s.IsGood));
    }

    [Fact]
    public async Task A_signer_is_replaced_and_what_it_signed_still_counts()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome old = await _scene.BackUpAsync(repository, day: 1);
        using SigningKey next = SigningKey.Create();
        await new SignerChange(repository, location: null, "test")
            .AddAsync(next.PublicKey, _scene.Key, CancellationToken.None);
        BackupRepository both = await _scene.OpenAsync(next);
        await new SignerChange(both, location: null, "test")
            .RemoveAsync(_scene.Key.PublicKey.Fingerprint, next, CancellationToken.None);

        BackupRepository after = await _scene.OpenAsync(next);
        Assert.Equal(3, after.Document.Number);
        Assert.Equal([$"{next.PublicKey}"], after.Document.Signers);
        Assert.True((await SignedScene.InventoryAsync(after)).Find(old.Folder.Id.Value, "").IsGood);

        // What the removed key signs from now on does not count.
        _scene.Forge(old, "0badc0de", SampleSnapshots.NewYear.AddDays(2), _scene.Key);
        Assert.False((await SignedScene.InventoryAsync(after)).Find("0badc0de", "").Signature.Counts);
        await Assert.ThrowsAsync<BackupException>(async () => await _scene.BackUpAsync(await _scene.OpenAsync(), 3));

        // The next snapshot vouches for the old one by its digest; the statement is no longer needed.
        BackupOutcome made = await _scene.BackUpAsync(after, day: 4);
        Assert.Equal(old.Manifest.Chain!.Id, made.Manifest.Chain!.Id);
        foreach (string file in Statements())
        {
            File.Delete(file);
        }

        Assert.Equal(
            SignatureState.Vouched,
            (await SignedScene.InventoryAsync(after)).Find(old.Folder.Id.Value, "").Signature.State);
    }

    [Fact]
    public async Task The_last_signer_cannot_be_removed_and_the_first_must_sign_itself()
    {
        BackupRepository repository = await _scene.InitAsync();
        using SigningKey stranger = SigningKey.Create();

        BackupException last = await Assert.ThrowsAsync<BackupException>(() =>
            new SignerChange(repository, location: null, "test").RemoveAsync(
                _scene.Key.PublicKey.Fingerprint, _scene.Key, CancellationToken.None));
        BackupException unknown = await Assert.ThrowsAsync<BackupException>(() =>
            new SignerChange(repository, location: null, "test").RemoveAsync(
                stranger.PublicKey.Fingerprint, _scene.Key, CancellationToken.None));
        BackupException alien = await Assert.ThrowsAsync<BackupException>(() =>
            new SignerChange(repository, location: null, "test").AddAsync(
                stranger.PublicKey, stranger, CancellationToken.None));

        Assert.Equal(FailureReason.KeyRefused, last.Reason);
        Assert.Equal(FailureReason.InvalidInput, unknown.Reason);
        Assert.Equal(FailureReason.KeyRefused, alien.Reason);
        Assert.Null((await _scene.OpenAsync()).Document.Number);
    }

    [Fact]
    public async Task A_change_of_the_document_that_was_not_signed_before_a_crash_does_not_count()
    {
        BackupRepository repository = await _scene.InitAsync();
        using SigningKey next = SigningKey.Create();
        await new SignerChange(repository, location: null, "test")
            .AddAsync(next.PublicKey, _scene.Key, CancellationToken.None);
        File.Delete(Path.Combine(_scene.Root, "repository.2.json.sig"));

        BackupRepository reopened = await _scene.OpenAsync();
        Assert.Single(reopened.Document.Signers!);
        Assert.Contains(
            (await SignedScene.InventoryAsync(reopened)).Findings,
            f => f.Contains("repository.2.json", StringComparison.Ordinal));

        await new SignerChange(reopened, location: null, "test")
            .AddAsync(next.PublicKey, _scene.Key, CancellationToken.None);
        Assert.Equal(3, (await _scene.OpenAsync()).Document.Number);
    }

    [Fact]
    public async Task The_record_of_a_deep_verification_is_signed()
    {
        BackupRepository repository = await _scene.InitAsync();
        BackupOutcome made = await _scene.BackUpAsync(repository, day: 1);
        for (int i = 0; i < 2; i++)
        {
            await foreach (var outcome in _scene.Fixture.DeepVerifyRun(repository)
                .VerifyAsync("latest", UseCaseFixture.NoProgress, CancellationToken.None))
            {
                Assert.Null(outcome.RecordFailure);
            }
        }

        Snapshot verified = (await SignedScene.InventoryAsync(repository)).Find(made.Folder.Id.Value, "");
        Assert.True(verified.IsProved);
        Assert.Single(
            _scene.Fixture.StoredFiles(),
            f => f.Contains("verification-", StringComparison.Ordinal) && f.EndsWith(".sig", StringComparison.Ordinal));
    }

    private static Task<Statement> StateAsync(
        BackupRepository repository, StatementKind kind, BackupOutcome about) =>
        new StatementRun(repository).StateAsync(kind, [about.Folder.Id.Value], Words, CancellationToken.None);

    private string[] Statements() =>
        Directory.Exists(Path.Combine(_scene.Root, "statements"))
            ? Directory.GetFiles(Path.Combine(_scene.Root, "statements"))
            : [];
}
