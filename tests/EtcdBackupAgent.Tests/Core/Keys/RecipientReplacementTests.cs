using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Resources.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Keys;

public sealed class RecipientReplacementTests : IDisposable
{
    private readonly EncryptedFixture _fixture = new();
    private readonly AgeIdentity _owner = AgeIdentity.Generate();
    private readonly AgeIdentity _next = AgeIdentity.GeneratePostQuantum();
    private readonly AgePassphrase _passphrase = EncryptedFixture.Passphrase("first");

    public void Dispose()
    {
        _owner.Dispose();
        _next.Dispose();
        _passphrase.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task Later_backups_are_opened_by_the_new_identity_and_existing_ones_by_the_previous()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_owner.Recipient]));
        await _fixture.BackUpAsync(repository);

        await Replacement(repository).ToAsync(new OpenedKeys([_owner]), [_next.Recipient], CancellationToken.None);

        BackupRepository opened = await OpenAsync();
        Assert.Equal((repository.Document.Id, 2), (opened.Document.Id, opened.Document.FormatVersion));
        Assert.Equal([$"{_next.Recipient}"], opened.Document.Encryption.Recipients);
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(opened, "existing", _owner));
        await _fixture.BackUpAsync(opened);
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(opened, "later", _next));
        BackupException refused = await Assert.ThrowsAsync<BackupException>(
            () => _fixture.RestoreAsync(opened, "refused", _owner));
        Assert.Equal(FailureReason.KeyRefused, refused.Reason);
    }

    [Fact]
    public async Task The_way_back_is_a_second_document_and_leaves_the_first_as_it_was()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_next.Recipient]));
        Assert.Equal(2, repository.Document.FormatVersion);

        BackupRepository back = await Replacement(repository).ToAsync(
            new OpenedKeys([_next]), [_owner.Recipient], CancellationToken.None);

        Assert.Equal(2, back.Document.FormatVersion);
        Assert.Equal(2, back.Document.Number);
        Assert.Equal(repository.Document.DocumentSha256, back.Document.PreviousSha256);
        Assert.Equal(
            [_owner.Recipient.ToString()],
            (await BackupRepository.OpenAsync(back.Store, CancellationToken.None)).Document.Encryption.Recipients);
    }

    [Fact]
    public async Task Both_kinds_at_once_are_refused_and_nothing_changes()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_owner.Recipient]));

        foreach (Func<Task> mixing in (Func<Task>[])
        [
            () => EncryptedFixture.Keys(repository).AddRecipientAsync(
                [_owner], _next.Recipient, CancellationToken.None),
            () => Replacement(repository).ToAsync(
                new OpenedKeys([_owner]), [_next.Recipient, _owner.Recipient], CancellationToken.None),
        ])
        {
            BackupException failure = await Assert.ThrowsAsync<BackupException>(mixing);

            Assert.Equal(FailureReason.InvalidInput, failure.Reason);
            Assert.Contains("key replace-recipients", failure.Hint, StringComparison.Ordinal);
        }

        Assert.Equal([$"{_owner.Recipient}"], (await OpenAsync()).Document.Encryption.Recipients);
    }

    [Fact]
    public async Task A_repository_that_mixes_both_kinds_is_damaged()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_next.Recipient]));
        string path = Path.Combine(_fixture.Files.RepositoryPath, "repository.json");
        string document = (await File.ReadAllTextAsync(path)).Replace(
            $"\"{_next.Recipient}\"", $"\"{_next.Recipient}\", \"{_owner.Recipient}\"", StringComparison.Ordinal);
        await File.WriteAllBytesAsync(path, Documents.RepositoryJsonTests.Redigested(document));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(OpenAsync);

        Assert.Equal(FailureReason.DataDamaged, failure.Reason);
        Assert.Contains("post-quantum", failure.Message, StringComparison.Ordinal);
        Assert.Equal(repository.Store.Address, _fixture.Files.Store.Address);
    }

    [Fact]
    public async Task A_user_who_cannot_open_the_repository_cannot_replace_its_recipients()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_owner.Recipient]));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => Replacement(repository).ToAsync(
            new OpenedKeys([_next]), [_next.Recipient], CancellationToken.None));

        Assert.Equal(FailureReason.KeyRefused, failure.Reason);
        Assert.Equal([$"{_owner.Recipient}"], (await OpenAsync()).Document.Encryption.Recipients);
    }

    [Fact]
    public async Task With_a_new_key_of_its_own_the_passphrase_opens_existing_and_later_snapshots()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_passphrase));
        await _fixture.BackUpAsync(repository);

        await Replacement(repository).ToOwnPostQuantumKeyAsync(_passphrase, CancellationToken.None);

        BackupRepository opened = await OpenAsync();
        RepositoryKeys keys = EncryptedFixture.Keys(opened);
        Assert.Single(await keys.ListAsync(CancellationToken.None));
        using OpenedKeys identities = await keys.OpenAsync(_passphrase, CancellationToken.None);
        Assert.Equal([true, false], identities.Identities.Select(identity => identity.Recipient.IsPostQuantum));
        Assert.Equal(
            _fixture.Snapshot, await _fixture.RestoreAsync(opened, "existing", [.. identities.Identities]));
        await _fixture.BackUpAsync(opened);
        Assert.Equal(_fixture.Snapshot, await _fixture.RestoreAsync(opened, "later", [.. identities.Identities]));

        // Again: nothing is left to do.
        BackupRepository again = await Replacement(opened).ToOwnPostQuantumKeyAsync(
            _passphrase, CancellationToken.None);
        Assert.Equal(opened.Document.Encryption.Recipients, again.Document.Encryption.Recipients);
    }

    [Fact]
    public async Task A_passphrase_that_is_added_or_changed_later_opens_existing_and_later_snapshots_too()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_passphrase));
        BackupRepository changed = await Replacement(repository).ToOwnPostQuantumKeyAsync(
            _passphrase, CancellationToken.None);
        RepositoryKeys keys = EncryptedFixture.Keys(changed);
        using AgePassphrase second = EncryptedFixture.Passphrase("second");
        using AgePassphrase third = EncryptedFixture.Passphrase("third");
        using OpenedKeys identities = await keys.OpenAsync(_passphrase, CancellationToken.None);

        await keys.AddPassphraseAsync(identities, second, CancellationToken.None);
        await keys.ChangePassphraseAsync(_passphrase, third, CancellationToken.None);

        using OpenedKeys bySecond = await keys.OpenAsync(second, CancellationToken.None);
        using OpenedKeys byThird = await keys.OpenAsync(third, CancellationToken.None);
        Assert.Equal(2, bySecond.Identities.Count);
        Assert.Equal(2, byThird.Identities.Count);
    }

    [Fact]
    public async Task Of_an_identity_file_only_the_identity_of_the_repository_is_stored_for_an_added_passphrase()
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_next.Recipient]));
        RepositoryKeys keys = EncryptedFixture.Keys(repository);

        await keys.AddPassphraseAsync(new OpenedKeys([_owner, _next]), _passphrase, CancellationToken.None);

        using OpenedKeys opened = await keys.OpenAsync(_passphrase, CancellationToken.None);
        Assert.Equal([_next.Recipient], opened.Identities.Select(identity => identity.Recipient));
    }

    [Fact]
    public async Task The_pin_of_a_location_with_a_passphrase_is_replaced_too()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_passphrase));
        PinnedLocation location = Located(Passphrase);
        await location.Protection.RequireAsync(repository, location.Location, CancellationToken.None);

        await new RecipientReplacement(repository, location, TimeProvider.System)
            .ToOwnPostQuantumKeyAsync(_passphrase, CancellationToken.None);

        BackupRepository opened = await OpenAsync();
        await location.Protection.RequireAsync(opened, location.Location, CancellationToken.None);
        PinnedRecipients? pin = await Pins().ReadAsync(location.Location.Name, CancellationToken.None);
        Assert.Equal(opened.Document.Encryption.Recipients, pin!.Recipients);
    }

    [Fact]
    public async Task If_the_pin_could_not_be_replaced_the_command_can_be_repeated()
    {
        BackupRepository repository = await _fixture.InitAsync(new PassphraseProtection(_passphrase));
        PinnedLocation location = Located(Passphrase);
        await location.Protection.RequireAsync(repository, location.Location, CancellationToken.None);
        BackupRepository changed = await Replacement(repository).ToOwnPostQuantumKeyAsync(
            _passphrase, CancellationToken.None);
        await Assert.ThrowsAsync<BackupException>(
            () => location.Protection.RequireAsync(changed, location.Location, CancellationToken.None));

        await new RecipientReplacement(changed, location, TimeProvider.System)
            .ToOwnPostQuantumKeyAsync(_passphrase, CancellationToken.None);

        await location.Protection.RequireAsync(changed, location.Location, CancellationToken.None);
    }

    [Fact]
    public async Task Recipients_that_someone_else_changed_are_reported_and_not_replaced()
    {
        using AgeIdentity intruder = AgeIdentity.Generate();
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_owner.Recipient]));
        PinnedLocation location = Located(Passphrase);
        await location.Protection.RequireAsync(repository, location.Location, CancellationToken.None);
        BackupRepository tampered = await EncryptedFixture.Keys(repository).AddRecipientAsync(
            [_owner], intruder.Recipient, CancellationToken.None);

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => new RecipientReplacement(tampered, location, TimeProvider.System).ToAsync(
                new OpenedKeys([_owner]), [_next.Recipient], CancellationToken.None));

        Assert.Equal(FailureReason.ProtectionChanged, failure.Reason);
        Assert.Equal(2, (await OpenAsync()).Document.Encryption.Recipients.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_location_with_recipients_may_list_the_previous_or_the_new_ones(bool alreadyNew)
    {
        BackupRepository repository = await _fixture.InitAsync(new RecipientProtection([_owner.Recipient]));
        AgeRecipient listed = alreadyNew ? _next.Recipient : _owner.Recipient;
        PinnedLocation location = Located(new RecipientLocation { Recipients = [$"{listed}"] });

        await new RecipientReplacement(repository, location, TimeProvider.System).ToAsync(
            new OpenedKeys([_owner]), [_next.Recipient], CancellationToken.None);

        Assert.Null(await Pins().ReadAsync(location.Location.Name, CancellationToken.None));
        Assert.Equal([$"{_next.Recipient}"], (await OpenAsync()).Document.Encryption.Recipients);
    }

    private static PassphraseLocation Passphrase { get; } = new()
    {
        Secret = new ResourceName(ResourceName.NamespaceDefault, "minio"),
        SecretKey = PassphraseLocation.PreferredKey,
    };

    private static RecipientReplacement Replacement(BackupRepository repository) =>
        new(repository, location: null, TimeProvider.System);

    private Task<BackupRepository> OpenAsync() =>
        BackupRepository.OpenAsync(_fixture.Files.Store, CancellationToken.None);

    private DirectoryRecipientPins Pins() => new(Directory.CreateDirectory(_fixture.Files["resources"]).FullName);

    private PinnedLocation Located(LocationEncryption encryption) => new(
        new ProtectionCheck(Pins(), TimeProvider.System),
        new BackupLocation
        {
            Name = new ResourceName(ResourceName.NamespaceDefault, "remote"),
            Url = new Uri("file:///var/backups"),
            Encryption = encryption,
        });
}
