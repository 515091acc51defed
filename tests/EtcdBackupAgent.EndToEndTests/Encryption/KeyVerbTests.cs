using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>Who can open a repository is changed, and a restore shows that it is so.</summary>
public sealed class KeyVerbTests(PassphraseRepository made) : IClassFixture<PassphraseRepository>, IDisposable
{
    private readonly TestDirectory _directory = new();

    private string SecondFile => _directory.Write("second", "a second passphrase, of somebody else");

    [Fact]
    public async Task Key_list_shows_recipients_and_keys()
    {
        using TestRepository repository = made.Copy();
        string[] lines = (await repository.RunAsync("key", "list")).Output.TrimEnd('\n').Split('\n');

        Assert.Equal(2, lines.Length);
        Assert.Matches("^recipient age1[0-9a-z]{58}$", lines[0]);
        Assert.Matches("^key       keys/[0-9a-f]+\\.age, opened by a passphrase, stored .*$", lines[1]);
    }

    [Fact]
    public async Task An_added_passphrase_opens_it_beside_the_first_and_the_right_to_add_has_to_be_shown()
    {
        using TestRepository repository = made.Copy();
        string[] add = ["key", "add-passphrase", "--new-passphrase-file", SecondFile];
        string[] before = await repository.KeysAsync();
        (await repository.RunAsync(add)).RefusedForTheKey("no key was given");
        (await repository.RunAsync([.. add, "--passphrase-file", made.WrongPassphraseFile])).RefusedForTheKey(
            "opens none");
        Assert.Equal(before, await repository.KeysAsync());

        _ = (await repository.RunAsync([.. add, "--passphrase-file", made.PassphraseFile])).Output;

        Assert.Equal(before.Length + 1, (await repository.KeysAsync()).Length);
        await repository.RestoresAsync(["--passphrase-file", SecondFile]);
        await repository.RestoresAsync(["--passphrase-file", made.PassphraseFile]);
    }

    [Fact]
    public async Task A_changed_passphrase_opens_it_and_the_old_one_does_not()
    {
        using TestRepository repository = made.Copy();
        string[] change = ["key", "change-passphrase", "--new-passphrase-file", SecondFile];
        (await repository.RunAsync([.. change, "--passphrase-file", made.WrongPassphraseFile])).RefusedForTheKey(
            "opens none");

        _ = (await repository.RunAsync([.. change, "--passphrase-file", made.PassphraseFile])).Output;

        await repository.RestoresAsync(["--passphrase-file", SecondFile]);
        await repository.RefusesAsync("opens none of the 1 keys", "--passphrase-file", made.PassphraseFile);
    }

    [Fact]
    public async Task An_added_recipient_opens_the_backups_from_then_on_and_the_passphrase_still_does()
    {
        using TestRepository repository = made.Copy();
        OwnIdentity added = await _directory.WriteIdentityAsync("added");
        string[] add = ["key", "add-recipient", added.Recipient];
        (await repository.RunAsync(add)).RefusedForTheKey("no key was given");
        _ = (await repository.RunAsync([.. add, "--passphrase-file", made.PassphraseFile])).Output;

        // The snapshot of before is not theirs.
        ToolResult earlier = await repository.RunAsync(
            "restore", "latest", "--to", _directory["earlier"], "--identity-file", added.File);
        Assert.Equal(9, earlier.ExitCode);
        Assert.DoesNotContain(_directory.Files(), file => file.StartsWith("earlier", StringComparison.Ordinal));

        _ = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        await repository.RestoresAsync(["--identity-file", added.File]);
        await repository.RestoresAsync(["--passphrase-file", made.PassphraseFile]);
    }

    public void Dispose() => _directory.Dispose();
}
