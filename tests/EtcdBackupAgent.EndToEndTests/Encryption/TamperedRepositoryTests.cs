using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>
/// An attacker with write access to the bucket has replaced the recipient in <c>repository.json</c>, with a valid
/// digest.
/// </summary>
public sealed class TamperedRepositoryTests : IDisposable
{
    private const string Passphrase = "a passphrase that is in a Secret";

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_location_with_a_passphrase_detects_a_recipient_that_differs_from_its_pin()
    {
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            encryption: null,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["repo_password"] = Passphrase });
        _ = (await location.InitAsync()).Output;
        string rightful = RecipientOf(location.Repository);
        string attacker = await TamperAsync(location.Repository);
        string[] before = await location.Repository.KeysAsync();

        // 1. backup
        ToolResult backup = await location.BackUpAsync();
        backup.RefusedForTheKey($"encrypts to {attacker}, but they were pinned on ");
        Assert.Contains(rightful, backup.StandardError, StringComparison.Ordinal);
        Assert.Contains("an attacker can write to the bucket", backup.StandardError, StringComparison.Ordinal);

        // 2. the worker, which reports it and continues
        await using PeerProcess worker = location.Start();
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/nightly failed (OnDemand): ProtectionChanged:");
        await worker.StopAsync();

        Assert.Contains(attacker, worker.Output, StringComparison.Ordinal);
        Assert.Equal(before, await location.Repository.KeysAsync());
    }

    [Fact]
    public async Task A_location_with_recipients_and_a_backup_with_a_recipient_reject_other_recipients()
    {
        OwnIdentity own = await _directory.WriteIdentityAsync("own");
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            new { recipients = new[] { own.Recipient } },
            secret: null);
        _ = (await location.InitAsync()).Output;
        string attacker = await TamperAsync(location.Repository);

        (await location.BackUpAsync()).RefusedForTheKey(
            $"encrypts to {attacker}, but BackupLocation kubedr-system/disk has other");
        ToolResult named = await location.Repository.RunAsync(
            ["backup", "--recipient", own.Recipient, .. EtcdArguments.Of(await SharedServers.EtcdAsync("3.5"))]);
        named.RefusedForTheKey($"encrypts to {attacker}, but other recipients are expected ({own.Recipient})");
        Assert.Equal(["repository.json"], await location.Repository.KeysAsync());
    }

    [Fact]
    public async Task The_owner_can_still_open_earlier_backups()
    {
        using TestRepository repository = TestRepository.InDirectory();
        string file = _directory.Write("passphrase", Passphrase);
        _ = (await repository.RunAsync("init", "--passphrase-file", file)).Output;
        _ = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        _ = await TamperAsync(repository);

        await repository.RestoresAsync(["--passphrase-file", file]);
    }

    public void Dispose() => _directory.Dispose();

    private static string DocumentOf(TestRepository repository) =>
        Path.Combine(repository.DirectoryPath, "repository.json");

    private static string RecipientOf(TestRepository repository) =>
        File.ReadAllText(DocumentOf(repository))
            .Split('"')
            .Single(word => word.StartsWith("age1", StringComparison.Ordinal));

    /// <summary>Replaces the recipient with that of an attacker.</summary>
    /// <returns>The recipient of the attacker.</returns>
    private async Task<string> TamperAsync(TestRepository repository)
    {
        OwnIdentity attacker = await _directory.WriteIdentityAsync("attacker");
        string document = await File.ReadAllTextAsync(DocumentOf(repository));
        string changed = document.Replace(RecipientOf(repository), attacker.Recipient, StringComparison.Ordinal);
        Assert.NotEqual(document, changed);
        await File.WriteAllTextAsync(DocumentOf(repository), StoredDocument.Sealed(changed));
        return attacker.Recipient;
    }
}
