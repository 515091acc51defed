using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Resources.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Keys;

public sealed class ProtectionCheckTests : IDisposable
{
    private readonly EncryptedFixture _fixture = new();
    private readonly AgeIdentity _owner = AgeIdentity.Generate();
    private readonly AgeIdentity _intruder = AgeIdentity.Generate();

    private LocationEncryption Passphrase { get; } = new PassphraseLocation
    {
        Secret = new ResourceName(ResourceName.NamespaceDefault, "minio"),
        SecretKey = PassphraseLocation.PreferredKey,
    };

    public void Dispose()
    {
        _owner.Dispose();
        _intruder.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task A_location_with_a_passphrase_pins_at_first_use_and_accepts_the_same_recipients_later()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_owner.Recipient]));

        await CheckAsync(repository, Passphrase);
        await CheckAsync(repository, Passphrase);

        PinnedRecipients? pin = await Pins().ReadAsync(Location(Passphrase).Name, CancellationToken.None);
        Assert.Equal([_owner.Recipient.ToString()], pin!.Recipients);
        Assert.Equal(repository.Document.Id, pin.RepositoryId);
    }

    [Fact]
    public async Task A_recipient_that_the_agent_did_not_add_is_refused()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_owner.Recipient]));
        await CheckAsync(repository, Passphrase);
        await EncryptedFixture.Keys(repository).AddRecipientAsync(
            [_owner], _intruder.Recipient, CancellationToken.None);

        BackupException failure = await RefusedAsync(
            await BackupRepository.OpenAsync(_fixture.Files.Store, CancellationToken.None), Passphrase);

        Assert.Contains(_intruder.Recipient.ToString(), failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Hint);
    }

    [Fact]
    public async Task A_repository_that_replaced_the_pinned_one_is_refused()
    {
        await CheckAsync(await _fixture.InitAsync(new RecipientProtection([_owner.Recipient])), Passphrase);
        File.Delete(Path.Combine(_fixture.Files.RepositoryPath, "repository.json"));

        BackupException failure = await RefusedAsync(
            await _fixture.InitAsync(new RecipientProtection([_owner.Recipient])), Passphrase);

        Assert.Contains("the repository was replaced", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unencrypted_repository_is_refused_for_a_location_with_a_passphrase_and_is_not_pinned()
    {
        BackupRepository repository = await _fixture.InitAsync(new Unprotected());

        await RefusedAsync(repository, Passphrase);

        Assert.Null(await Pins().ReadAsync(Location(Passphrase).Name, CancellationToken.None));
    }

    [Fact]
    public async Task A_location_with_recipients_accepts_only_these()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_owner.Recipient]));
        RecipientLocation same = new() { Recipients = [_owner.Recipient.ToString()] };
        RecipientLocation others = new() { Recipients = [_intruder.Recipient.ToString()] };

        await CheckAsync(repository, same);
        await RefusedAsync(repository, others);
    }

    [Fact]
    public async Task A_location_without_encryption_refuses_an_encrypted_repository()
    {
        await RefusedAsync(
            await _fixture.InitAsync(new RecipientProtection([_owner.Recipient])), new UnencryptedLocation());
    }

    [Fact]
    public async Task An_unencrypted_repository_is_accepted_if_the_location_is_unencrypted()
    {
        await CheckAsync(await _fixture.InitAsync(new Unprotected()), new UnencryptedLocation());
    }

    [Fact]
    public async Task Recipients_expected_on_the_command_line_are_compared_as_a_set()
    {
        BackupRepository repository = await _fixture.InitAsync(
            new RecipientProtection([_owner.Recipient, _intruder.Recipient]));
        string owner = _owner.Recipient.ToString();
        string intruder = _intruder.Recipient.ToString();

        ProtectionCheck.RequireRecipients(repository, [intruder, owner]);

        Assert.Equal(
            FailureReason.ProtectionChanged,
            Assert.Throws<BackupException>(() => ProtectionCheck.RequireRecipients(repository, [owner])).Reason);
    }

    private static BackupLocation Location(LocationEncryption encryption) => new()
    {
        Name = new ResourceName(ResourceName.NamespaceDefault, "remote"),
        Url = new Uri("file:///var/backups"),
        Encryption = encryption,
    };

    private DirectoryRecipientPins Pins() => new(Directory.CreateDirectory(_fixture.Files["resources"]).FullName);

    private Task CheckAsync(BackupRepository repository, LocationEncryption encryption) =>
        new ProtectionCheck(Pins(), TimeProvider.System).RequireAsync(
            repository, Location(encryption), CancellationToken.None);

    private async Task<BackupException> RefusedAsync(BackupRepository repository, LocationEncryption encryption)
    {
        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => CheckAsync(repository, encryption));
        Assert.Equal(FailureReason.ProtectionChanged, failure.Reason);
        return failure;
    }
}
