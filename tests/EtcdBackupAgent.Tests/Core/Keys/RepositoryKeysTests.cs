using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Repository;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Keys;

public sealed class RepositoryKeysTests : IDisposable
{
    private readonly EncryptedFixture _fixture = new();
    private readonly AgePassphrase _first = EncryptedFixture.Passphrase("first");
    private readonly AgePassphrase _second = EncryptedFixture.Passphrase("second");

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task A_wrong_passphrase_opens_nothing_and_is_reported()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_first));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => EncryptedFixture.OpenAsync(repository, "firsr"));

        Assert.Equal(FailureReason.KeyRefused, failure.Reason);
        Assert.Contains("none of the 1 keys", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("firsr", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_key_object_is_distinguished_from_a_wrong_passphrase()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_first));
        Directory.Delete(Path.Combine(_fixture.Files.RepositoryPath, "keys"), recursive: true);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => EncryptedFixture.OpenAsync(repository, "first"));

        Assert.Equal(FailureReason.KeyRefused, failure.Reason);
        Assert.Contains("no key that a passphrase could open", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_key_object_is_damage_not_a_wrong_passphrase()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_first));
        string key = Directory.GetFiles(Path.Combine(_fixture.Files.RepositoryPath, "keys")).Single();
        byte[] bytes = await File.ReadAllBytesAsync(key);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(key, bytes);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => EncryptedFixture.OpenAsync(repository, "first"));

        Assert.Equal(FailureReason.DataDamaged, failure.Reason);
    }

    [Fact]
    public async Task An_added_passphrase_opens_what_the_first_one_does()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_first));
        await _fixture.BackUpAsync(repository);
        using AgeIdentity identity = await EncryptedFixture.OpenAsync(repository, "first");

        await EncryptedFixture.Keys(repository).AddPassphraseAsync(
            new OpenedKeys([identity]), _second, CancellationToken.None);

        using AgeIdentity again = await EncryptedFixture.OpenAsync(repository, "second");
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(repository, "target", again));
        using AgeIdentity still = await EncryptedFixture.OpenAsync(repository, "first");
        Assert.Equal(2, (await EncryptedFixture.Keys(repository).ListAsync(CancellationToken.None)).Count);
    }

    [Fact]
    public async Task A_changed_passphrase_opens_in_place_of_the_old_one_and_no_snapshot_is_touched()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_first));
        await _fixture.BackUpAsync(repository);
        string[] snapshots =
            [.. _fixture.Files.StoredFiles().Where(f => f.StartsWith("snapshots", StringComparison.Ordinal))];

        await EncryptedFixture.Keys(repository).ChangePassphraseAsync(_first, _second, CancellationToken.None);

        using AgeIdentity identity = await EncryptedFixture.OpenAsync(repository, "second");
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(repository, "target", identity));
        await Assert.ThrowsAsync<BackupException>(() => EncryptedFixture.OpenAsync(repository, "first"));
        Assert.Equal(
            snapshots, _fixture.Files.StoredFiles().Where(f => f.StartsWith("snapshots", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_changed_passphrase_leaves_no_key_that_the_old_one_opens()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_first));
        await _fixture.BackUpAsync(repository);
        using AgeIdentity former = AgeIdentity.Generate();
        await KeyObject.CreateAsync(
            _fixture.Files.Store, [former], _first, TimeProvider.System, CancellationToken.None);

        await EncryptedFixture.Keys(repository).ChangePassphraseAsync(_first, _second, CancellationToken.None);

        Assert.Single(await EncryptedFixture.Keys(repository).ListAsync(CancellationToken.None));
        using OpenedKeys opened = await EncryptedFixture.Keys(repository).OpenAsync(_second, CancellationToken.None);
        Assert.Contains(former.Recipient, opened.Identities.Select(identity => identity.Recipient));
        Assert.Contains(repository.Recipients[0], opened.Identities.Select(identity => identity.Recipient));
    }

    [Fact]
    public async Task An_added_recipient_opens_later_backups_and_not_existing_ones()
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        using AgeIdentity later = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([owner.Recipient]));
        await _fixture.BackUpAsync(repository);

        await EncryptedFixture.Keys(repository).AddRecipientAsync([owner], later.Recipient, CancellationToken.None);

        BackupRepository opened = await BackupRepository.OpenAsync(_fixture.Files.Store, CancellationToken.None);
        Assert.Equal(repository.Document.Id, opened.Document.Id);
        BackupException before = await Assert.ThrowsAsync<BackupException>(
            () => _fixture.RestoreAsync(opened, "before", later));
        Assert.Equal(FailureReason.KeyRefused, before.Reason);
        await _fixture.BackUpAsync(opened);
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(opened, "after", later));
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(opened, "owner", owner));
    }

    [Fact]
    public async Task If_the_recipients_were_tampered_with_the_passphrase_still_opens_existing_backups()
    {
        using AgeIdentity intruder = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_first));
        await _fixture.BackUpAsync(repository);
        string path = Path.Combine(_fixture.Files.RepositoryPath, "repository.json");
        string document = (await File.ReadAllTextAsync(path)).Replace(
            repository.Document.Encryption.Recipients[0], intruder.Recipient.ToString(), StringComparison.Ordinal);
        await File.WriteAllBytesAsync(path, Documents.RepositoryJsonTests.Redigested(document));
        BackupRepository tampered = await BackupRepository.OpenAsync(_fixture.Files.Store, CancellationToken.None);

        using AgeIdentity identity = await EncryptedFixture.OpenAsync(tampered, "first");

        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(tampered, "target", identity));
        BackupException refused = await Assert.ThrowsAsync<BackupException>(() => EncryptedFixture.Keys(tampered)
            .AddRecipientAsync([identity], identity.Recipient, CancellationToken.None));
        Assert.Equal(FailureReason.KeyRefused, refused.Reason);
    }

    [Fact]
    public async Task A_user_who_cannot_open_the_repository_cannot_add_keys()
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        using AgeIdentity stranger = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([owner.Recipient]));
        IReadOnlyList<string> before = _fixture.Files.StoredFiles();
        RepositoryKeys keys = EncryptedFixture.Keys(repository);

        BackupException recipient = await Assert.ThrowsAsync<BackupException>(
            () => keys.AddRecipientAsync([stranger], stranger.Recipient, CancellationToken.None));
        BackupException passphrase = await Assert.ThrowsAsync<BackupException>(
            () => keys.AddPassphraseAsync(new OpenedKeys([stranger]), _first, CancellationToken.None));

        Assert.Equal(FailureReason.KeyRefused, recipient.Reason);
        Assert.Equal(FailureReason.KeyRefused, passphrase.Reason);
        Assert.Equal(before, _fixture.Files.StoredFiles());
    }
}
