using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>
/// Somebody who can write the bucket has put a recipient of his own into <c>repository.json</c>, digest and all.
/// </summary>
public sealed class TamperedRepositoryTests : IDisposable
{
    private const string Passphrase = "a passphrase that lies in a Secret";

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_location_with_a_passphrase_is_held_to_its_pin()
    {
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            encryption: null,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["repo_password"] = Passphrase });
        _ = (await location.InitAsync()).Output;
        string rightful = RecipientOf(location.Repository);
        string thief = await TamperAsync(location.Repository);
        string[] before = await location.Repository.KeysAsync();

        // 1. backup
        ToolResult backup = await location.BackUpAsync();
        backup.RefusedForTheKey($"encrypts to {thief}, but they were pinned on ");
        Assert.Contains(rightful, backup.StandardError, StringComparison.Ordinal);
        Assert.Contains("an attacker can write to the bucket", backup.StandardError, StringComparison.Ordinal);

        // 2. the worker, which says it and goes on
        await using PeerProcess worker = location.Start();
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/nightly failed (OnDemand): ProtectionChanged:");
        await worker.StopAsync();

        Assert.Contains(thief, worker.Output, StringComparison.Ordinal);
        Assert.Equal(before, await location.Repository.KeysAsync());
    }

    [Fact]
    public async Task A_location_with_recipients_and_a_backup_with_recipient_are_held_to_what_they_say()
    {
        OwnIdentity own = await _directory.WriteIdentityAsync("own");
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            new { recipients = new[] { own.Recipient } },
            secret: null);
        _ = (await location.InitAsync()).Output;
        string thief = await TamperAsync(location.Repository);

        (await location.BackUpAsync()).RefusedForTheKey(
            $"encrypts to {thief}, but BackupLocation kubedr-system/disk has other");
        ToolResult named = await location.Repository.RunAsync(
            ["backup", "--recipient", own.Recipient, .. EtcdArguments.Of(await SharedServers.EtcdAsync("3.5"))]);
        named.RefusedForTheKey($"encrypts to {thief}, but other recipients are expected ({own.Recipient})");
        Assert.Equal(["repository.json"], await location.Repository.KeysAsync());
    }

    [Fact]
    public async Task The_owner_still_opens_what_was_backed_up_before()
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

    /// <summary>Puts a stranger in the place of the recipient.</summary>
    /// <returns>The stranger's recipient.</returns>
    private async Task<string> TamperAsync(TestRepository repository)
    {
        OwnIdentity thief = await _directory.WriteIdentityAsync("thief");
        string document = await File.ReadAllTextAsync(DocumentOf(repository));
        string changed = document.Replace(RecipientOf(repository), thief.Recipient, StringComparison.Ordinal);
        Assert.NotEqual(document, changed);
        await File.WriteAllTextAsync(DocumentOf(repository), StoredDocument.Sealed(changed));
        return thief.Recipient;
    }
}
