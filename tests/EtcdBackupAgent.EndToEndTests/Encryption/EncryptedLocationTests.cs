using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>A BackupLocation must define how its backups are protected.</summary>
public sealed class EncryptedLocationTests : IDisposable
{
    private const string Passphrase = "a passphrase that is in a Secret";

    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("repo_password")]
    [InlineData("restic_repo_password")]
    public async Task A_passphrase_in_the_Secret_is_used_and_the_recipients_are_pinned(string key)
    {
        using EncryptedLocation location = await EncryptedLocation.NewAsync(encryption: null, Secret(key));
        _ = (await location.InitAsync()).Output;
        _ = (await location.BackUpAsync()).Output;

        // The first use pins the recipients that key list shows.
        string recipient = (await location.Repository.RunAsync("key", "list")).Output.Split('\n')[0][
            "recipient ".Length..
        ];
        Assert.Contains(recipient, await File.ReadAllTextAsync(location.PinFile), StringComparison.Ordinal);
        Assert.Equal(TestTree.OwnerOnly, File.GetUnixFileMode(location.PinFile));

        // The Secret opens the repository, and so does the passphrase in a file.
        _ = (await location.RunAsync("restore", "latest", "--policy", "nightly", "--to", _directory["out"])).Output;
        Refusals.Restored(_directory["out"]);
        await location.Repository.RestoresAsync(["--passphrase-file", _directory.Write("passphrase", Passphrase)]);
    }

    [Fact]
    public async Task The_first_backup_of_the_worker_pins_the_recipients()
    {
        using EncryptedLocation location = await EncryptedLocation.NewAsync(encryption: null, Secret("repo_password"));
        _ = (
            await location.Repository.RunAsync("init", "--passphrase-file", _directory.Write("passphrase", Passphrase))
        ).Output;
        Assert.False(File.Exists(location.PinFile));

        await using PeerProcess worker = location.Start();
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/nightly completed");
        await worker.StopAsync();

        Assert.True(File.Exists(location.PinFile));
        await location.Repository.RestoresAsync(["--passphrase-file", _directory["passphrase"]]);
    }

    [Fact]
    public async Task Recipients_in_the_location_need_no_pin()
    {
        OwnIdentity own = await _directory.WriteIdentityAsync("own");
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            new { recipients = new[] { own.Recipient } }, Secret("restic_repo_password"));
        _ = (await location.InitAsync()).Output;
        _ = (await location.BackUpAsync()).Output;

        Assert.False(File.Exists(location.PinFile));
        await location.Repository.RestoresAsync(["--identity-file", own.File]);
        await location.Repository.RefusesAsync(
            "no key that a passphrase could open",
            "--passphrase-file",
            _directory.Write("passphrase", Passphrase));
    }

    [Fact]
    public async Task None_stores_unencrypted_backups()
    {
        using EncryptedLocation location = await EncryptedLocation.NewAsync("None", secret: null);
        Assert.Contains("not encrypted", (await location.InitAsync()).Output, StringComparison.Ordinal);
        _ = (await location.BackUpAsync()).Output;
        await location.Repository.RestoresAsync([]);
        Assert.Single(
            await location.Repository.KeysAsync(),
            key => key.EndsWith("/etcd.db.zst", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_location_without_encryption_is_rejected_with_the_possible_settings(bool withSecret)
    {
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            encryption: null,
            withSecret ? Secret("token") : null);

        ToolResult result = await location.InitAsync();

        Assert.Equal((2, ""), (result.ExitCode, result.StandardOutput));
        Assert.Contains(
            "BackupLocation kubedr-system/disk: spec.encryption: is missing",
            result.StandardError,
            StringComparison.Ordinal);
        Assert.Contains("a passphrase as repo_password", result.StandardError, StringComparison.Ordinal);
        Assert.Contains("encryption: {recipients: [age1…]}", result.StandardError, StringComparison.Ordinal);
        Assert.Contains("encryption: None", result.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(location.Repository.DirectoryPath));
    }

    public void Dispose() => _directory.Dispose();

    private static Dictionary<string, string> Secret(string key) => new(StringComparer.Ordinal) { [key] = Passphrase };
}
