using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>
/// A repository with a passphrase: every way to open it works, and every invalid way is rejected.
/// </summary>
public sealed class PassphraseTests(PassphraseRepository original) : IClassFixture<PassphraseRepository>, IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task The_passphrase_is_read_from_a_file_or_the_environment()
    {
        using TestRepository repository = original.Copy();
        await repository.RestoresAsync(["--passphrase-file", original.PassphraseFile]);
        await repository.RestoresAsync(
            [],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["ETCD_BACKUP_PASSPHRASE"] = PassphraseRepository.Passphrase,
            });
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task One_line_end_at_the_end_of_the_passphrase_is_ignored_for_every_source(string lineEnd)
    {
        using TestRepository repository = original.Copy();
        string file = _directory.Write("passphrase", $"{PassphraseRepository.Passphrase}{lineEnd}", TestTree.OwnerOnly);
        string[] verify = ["verify", "latest", .. repository.Options];

        ToolResult ofFile = await Agent.RunAsync([.. verify, "--passphrase-file", file]);
        ToolResult ofVariable = await Agent.RunAsync(
            verify,
            Environment($"{PassphraseRepository.Passphrase}{lineEnd}"));
        ToolResult ofInput = await Tool.RunAsync(
            Peers.Installed("sh"),
            ["-c", $"cat {file} | {Agent.Path} {string.Join(' ', verify)} --passphrase-file /dev/stdin"],
            Agent.Environment(null));
        ToolResult ofTwo = await Agent.RunAsync(
            verify,
            Environment($"{PassphraseRepository.Passphrase}{lineEnd}{lineEnd}"));

        Assert.All(
            [ofFile, ofVariable, ofInput],
            result => Assert.DoesNotContain("not checked", result.Output, StringComparison.Ordinal));
        Assert.Equal(9, ofTwo.ExitCode);
    }

    [Fact]
    public async Task A_passphrase_that_cannot_be_given_to_a_pod_is_rejected_by_init()
    {
        using TestRepository repository = TestRepository.InDirectory();
        File.WriteAllBytes(_directory["random"], [0x61, 0xff, 0x62, 0x63]);

        ToolResult result = await repository.RunAsync("init", "--passphrase-file", _directory["random"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("The passphrase is not text", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_the_agent_prompts_for_it_and_does_not_show_the_typed_text()
    {
        using TestRepository repository = original.Copy();
        string command =
            $"{Agent.Path} restore latest --to {_directory["target"]} {string.Join(' ', repository.Options)}";

        ToolResult wrong = await Terminal.RunAsync(
            command,
            [("Passphrase of the repository: ", PassphraseRepository.WrongPassphrase)]);
        Assert.Equal(9, wrong.ExitCode);
        Assert.False(Directory.Exists(_directory["target"]));
        ToolResult right = await Terminal.RunAsync(
            command,
            [("Passphrase of the repository: ", PassphraseRepository.Passphrase)]);

        Assert.True(right.ExitCode == 0, right.StandardOutput);
        Refusals.Restored(_directory["target"]);
        Assert.DoesNotContain("mole", wrong.StandardOutput + right.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_key_list_and_backup_work_and_verify_checks_the_stored_bytes()
    {
        using TestRepository repository = original.Copy();
        string id = await repository.BackUpAsync(await SharedServers.EtcdAsync("3.5"));
        Assert.Contains(id, (await repository.RunAsync("list")).Output, StringComparison.Ordinal);

        string without = (await repository.RunAsync("verify", "latest")).Output;
        string with = (
            await repository.RunAsync("verify", "latest", "--passphrase-file", original.PassphraseFile)).Output;

        Assert.StartsWith($"{id}: sound", without, StringComparison.Ordinal);
        Assert.Contains(
            "etcd.db.zst.age: stored bytes only; the content was not checked",
            without,
            StringComparison.Ordinal);
        Assert.StartsWith($"{id}: sound", with, StringComparison.Ordinal);
        Assert.DoesNotContain("not checked", with, StringComparison.Ordinal);
        (await repository.RunAsync("restore", "latest", "--to", _directory["target"])).RefusedForTheKey(
            "no key was given");
        Assert.False(Directory.Exists(_directory["target"]));
    }

    [Fact]
    public async Task A_wrong_passphrase_is_rejected()
    {
        using TestRepository repository = original.Copy();
        await repository.RefusesAsync(
            "The passphrase opens none of the 1 keys",
            "--passphrase-file",
            original.WrongPassphraseFile);
    }

    [Fact]
    public async Task A_missing_key_object_is_reported_as_such()
    {
        using TestRepository repository = original.Copy();
        Directory.Delete(Path.Combine(repository.DirectoryPath, "keys"), recursive: true);
        await repository.RefusesAsync(
            "contains no key that a passphrase could open",
            "--passphrase-file",
            original.PassphraseFile);
    }

    [Fact]
    public async Task A_damaged_key_object_is_6()
    {
        using TestRepository repository = original.Copy();
        string key = KeyOf(repository);
        byte[] bytes = await File.ReadAllBytesAsync(key);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(key, bytes);

        ToolResult result = await repository.RunAsync(
            "restore", "latest", "--to", _directory["target"], "--passphrase-file", original.PassphraseFile);

        Assert.Equal(6, result.ExitCode);
        Assert.Contains($"The key keys/{Path.GetFileName(key)}", result.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory["target"]));
    }

    public void Dispose() => _directory.Dispose();

    private static Dictionary<string, string?> Environment(string passphrase) =>
        new(StringComparer.Ordinal) { ["ETCD_BACKUP_PASSPHRASE"] = passphrase };

    private static string KeyOf(TestRepository repository) =>
        Assert.Single(Directory.GetFiles(Path.Combine(repository.DirectoryPath, "keys")));
}
