using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Verification;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Keys;

public sealed class EncryptedRepositoryTests : IDisposable
{
    private readonly EncryptedFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task With_a_passphrase_the_backup_needs_no_key_and_the_restore_needs_the_passphrase()
    {
        using AgePassphrase passphrase = EncryptedFixture.Passphrase("correct horse");
        await _fixture.InitAsync(new PassphraseProtection(passphrase));

        // As the agent does it later: opened again, with only the content of the store.
        BackupRepository repository = await BackupRepository.OpenAsync(_fixture.Files.Store, CancellationToken.None);
        BackupOutcome outcome = await _fixture.BackUpAsync(repository);

        Assert.All(outcome.Manifest.Artifacts, a => Assert.Equal(ArtifactEncryption.Age, a.Encryption));
        Assert.All(outcome.Manifest.Artifacts, a => Assert.EndsWith(".age", a.Key.Value, StringComparison.Ordinal));
        using AgeIdentity identity = await EncryptedFixture.OpenAsync(repository, "correct horse");
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(repository, "target", identity));
        VerifyOutcome verified = await EncryptedFixture.VerifyAsync(repository, identity);
        Assert.True(verified.IsSound);
        Assert.Empty(verified.NotOpened);
    }

    [Fact]
    public async Task With_recipients_no_key_is_stored_and_each_owner_can_restore()
    {
        using AgeIdentity one = AgeIdentity.Generate();
        using AgeIdentity other = AgeIdentity.Generate();
        BackupRepository repository =
            await _fixture.InitAsync(new RecipientProtection([one.Recipient, other.Recipient]));
        await _fixture.BackUpAsync(repository);

        Assert.DoesNotContain(_fixture.Files.StoredFiles(), f => f.StartsWith("keys", StringComparison.Ordinal));
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(repository, "one", one));
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(repository, "other", other));
    }

    [Fact]
    public async Task The_repository_contains_no_plain_bytes()
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([owner.Recipient]));
        await _fixture.BackUpAsync(repository);

        // The searched bytes do not compress, so they would be in the repository unchanged.
        byte[] piece = _fixture.Snapshot[1000..1032];
        Assert.All(
            _fixture.Files.StoredFiles(),
            f => Assert.Equal(
                -1, File.ReadAllBytes(Path.Combine(_fixture.Files.RepositoryPath, f)).AsSpan().IndexOf(piece)));
    }

    [Fact]
    public async Task Without_a_key_a_restore_is_refused_and_leaves_nothing()
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([owner.Recipient]));
        await _fixture.BackUpAsync(repository);

        BackupException failure =
            await Assert.ThrowsAsync<BackupException>(() => _fixture.RestoreAsync(repository, "target"));

        Assert.Equal(FailureReason.KeyRefused, failure.Reason);
        Assert.False(Directory.Exists(_fixture.Files["target"]));
    }

    [Fact]
    public async Task Another_identity_is_distinguished_from_damage()
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        using AgeIdentity stranger = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([owner.Recipient]));
        BackupOutcome made = await _fixture.BackUpAsync(repository);

        BackupException wrong = await Assert.ThrowsAsync<BackupException>(
            () => _fixture.RestoreAsync(repository, "target", stranger));
        Assert.Equal(FailureReason.KeyRefused, wrong.Reason);

        // The same, but now the owner's stanza is damaged: the key is not wrong.
        string path = Path.Combine(_fixture.Files.RepositoryPath, made.Manifest.Artifacts[0].Key.Value);
        byte[] damaged = await File.ReadAllBytesAsync(path);
        int stanza = damaged.AsSpan().IndexOf("X25519 "u8) + "X25519 ".Length + 2;
        damaged[stanza] = damaged[stanza] == (byte)'A' ? (byte)'B' : (byte)'A';
        await File.WriteAllBytesAsync(path, damaged);

        BackupException torn =
            await Assert.ThrowsAsync<BackupException>(() => _fixture.RestoreAsync(repository, "target", owner));
        Assert.Equal(FailureReason.DataDamaged, torn.Reason);
        Assert.False(Directory.Exists(_fixture.Files["target"]));
    }

    [Fact]
    public async Task Without_a_key_verify_checks_the_stored_bytes_and_reports_what_it_did_not_check()
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([owner.Recipient]));
        BackupOutcome made = await _fixture.BackUpAsync(repository);

        VerifyOutcome sound = await EncryptedFixture.VerifyAsync(repository);
        Assert.True(sound.IsSound);
        Assert.Equal(made.Manifest.Artifacts.Select(a => a.Key), sound.NotOpened.Select(a => a.Key));

        string path = Path.Combine(_fixture.Files.RepositoryPath, made.Manifest.Artifacts[0].Key.Value);
        byte[] damaged = await File.ReadAllBytesAsync(path);
        damaged[^1] ^= 1;
        await File.WriteAllBytesAsync(path, damaged);

        VerifyOutcome torn = await EncryptedFixture.VerifyAsync(repository);
        Assert.Contains("SHA-256", Assert.Single(torn.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_damaged_byte_of_an_encrypted_artifact_is_detected_with_the_key()
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([owner.Recipient]));
        BackupOutcome made = await _fixture.Files.BackUpAsync(repository, SnapshotBytes.Create(512));
        string path = Path.Combine(_fixture.Files.RepositoryPath, made.Manifest.Artifacts[0].Key.Value);
        byte[] sound = await File.ReadAllBytesAsync(path);
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] damaged = [.. sound];
            damaged[i] ^= 0x02;
            await File.WriteAllBytesAsync(path, damaged);

            VerifyOutcome outcome = await EncryptedFixture.VerifyAsync(repository, owner);

            Assert.False(outcome.IsSound, $"byte {i}");
        }
    }

    [Theory]
    [InlineData("\"kind\": \"Age\"", "\"kind\": \"None\"")]
    [InlineData("age1", "age2")]
    public async Task An_invalid_repository_document_is_damaged_even_with_a_correct_digest(
        string written, string changed)
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        await _fixture.InitAsync(new RecipientProtection([owner.Recipient]));
        string path = Path.Combine(_fixture.Files.RepositoryPath, "repository.json");
        string document = (await File.ReadAllTextAsync(path)).Replace(written, changed, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(path, Documents.RepositoryJsonTests.Redigested(document));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => BackupRepository.OpenAsync(_fixture.Files.Store, CancellationToken.None));

        Assert.Equal(FailureReason.DataDamaged, failure.Reason);
    }

    [Fact]
    public async Task A_second_init_leaves_no_key_of_its_own()
    {
        using AgePassphrase passphrase = EncryptedFixture.Passphrase("correct horse");
        await _fixture.InitAsync(new PassphraseProtection(passphrase));
        IReadOnlyList<string> before = _fixture.Files.StoredFiles();

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => _fixture.InitAsync(new PassphraseProtection(passphrase)));

        Assert.Equal(FailureReason.RepositoryExists, failure.Reason);
        Assert.Equal(before, _fixture.Files.StoredFiles());
    }
}
