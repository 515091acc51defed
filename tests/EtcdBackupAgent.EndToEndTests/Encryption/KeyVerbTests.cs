using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>Changes the keys that open a repository, and checks with a restore that the change works.</summary>
public sealed class KeyVerbTests(PassphraseRepository original) : IClassFixture<PassphraseRepository>, IDisposable
{
    private readonly TestDirectory _directory = new();

    private string SecondFile => _directory.Write("second", "a second passphrase, of another user");

    [Fact]
    public async Task Key_list_shows_recipients_and_keys()
    {
        using TestRepository repository = original.Copy();
        string[] lines = (await repository.RunAsync("key", "list")).Output.TrimEnd('\n').Split('\n');

        Assert.Equal(2, lines.Length);
        Assert.Matches("^recipient age1[0-9a-z]{58}$", lines[0]);
        Assert.Matches("^key       keys/[0-9a-f]+\\.age, opened by a passphrase, stored .*$", lines[1]);
    }

    [Fact]
    public async Task An_added_passphrase_opens_the_repository_like_the_first_and_adding_it_needs_a_valid_key()
    {
        using TestRepository repository = original.Copy();
        string[] add = ["key", "add-passphrase", "--new-passphrase-file", SecondFile];
        string[] before = await repository.KeysAsync();
        (await repository.RunAsync(add)).RefusedForTheKey("no key was given");
        (await repository.RunAsync([.. add, "--passphrase-file", original.WrongPassphraseFile])).RefusedForTheKey(
            "opens none");
        Assert.Equal(before, await repository.KeysAsync());

        _ = (await repository.RunAsync([.. add, "--passphrase-file", original.PassphraseFile])).Output;

        Assert.Equal(before.Length + 1, (await repository.KeysAsync()).Length);
        await repository.RestoresAsync(["--passphrase-file", SecondFile]);
        await repository.RestoresAsync(["--passphrase-file", original.PassphraseFile]);
    }

    [Fact]
    public async Task A_changed_passphrase_opens_the_repository_and_the_old_one_does_not()
    {
        using TestRepository repository = original.Copy();
        string[] change = ["key", "change-passphrase", "--new-passphrase-file", SecondFile];
        (await repository.RunAsync([.. change, "--passphrase-file", original.WrongPassphraseFile])).RefusedForTheKey(
            "opens none");

        _ = (await repository.RunAsync([.. change, "--passphrase-file", original.PassphraseFile])).Output;

        await repository.RestoresAsync(["--passphrase-file", SecondFile]);
        await repository.RefusesAsync("opens none of the 1 keys", "--passphrase-file", original.PassphraseFile);
    }

    [Fact]
    public async Task An_added_recipient_opens_later_backups_and_the_passphrase_still_opens_all()
    {
        using TestRepository repository = original.Copy();
        OwnIdentity added = await _directory.WriteIdentityAsync("added");
        string[] add = ["key", "add-recipient", added.Recipient];
        (await repository.RunAsync(add)).RefusedForTheKey("no key was given");
        _ = (await repository.RunAsync([.. add, "--passphrase-file", original.PassphraseFile])).Output;

        // The added recipient cannot open the earlier snapshot.
        ToolResult earlier = await repository.RunAsync(
            "restore", "latest", "--to", _directory["earlier"], "--identity-file", added.File);
        Assert.Equal(9, earlier.ExitCode);
        Assert.DoesNotContain(_directory.Files(), file => file.StartsWith("earlier", StringComparison.Ordinal));

        _ = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        await repository.RestoresAsync(["--identity-file", added.File]);
        await repository.RestoresAsync(["--passphrase-file", original.PassphraseFile]);
    }

    public void Dispose() => _directory.Dispose();
}
