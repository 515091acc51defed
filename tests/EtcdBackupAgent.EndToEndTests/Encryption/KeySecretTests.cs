using System.Text;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.EndToEndTests.Worker;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>
/// No output or file of a run contains the passphrase, the identity, or pieces of them, whether it succeeds or fails.
/// </summary>
public sealed class KeySecretTests(PassphraseRepository original) : IClassFixture<PassphraseRepository>, IDisposable
{
    /// <summary>The length of the pieces that are searched, in characters.</summary>
    private const int PieceLength = 24;

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task No_output_or_file_of_a_verb_contains_a_secret()
    {
        using TestRepository repository = original.Copy();
        OwnIdentity own = await _directory.WriteIdentityAsync("own");
        string damaged = _directory.Write(
            "damaged",
            own.Secret[..^1] + (own.Secret[^1] == 'Q' ? 'P' : 'Q'),
            TestTree.OwnerOnly);
        string[] file = ["--passphrase-file", original.PassphraseFile];
        string temporary = _directory.Create("tmp");
        Dictionary<string, string?> environment = new(StringComparer.Ordinal) { ["TMPDIR"] = temporary };
        (string[] Words, int ExitCode)[] runs =
        [
            (["key", "list"], 0),
            (["key", "add-recipient", own.Recipient, .. file], 0),
            (["backup", .. EtcdArguments.Of(await SharedServers.EtcdAsync("3.5"))], 0),
            (["verify", "latest", "--identity-file", own.File], 0),
            (["restore", "latest", "--to", _directory["out"], .. file], 0),
            (["restore", "latest", "--to", _directory["no"], "--passphrase-file", original.WrongPassphraseFile], 9),
            (["restore", "latest", "--to", _directory["no"], "--identity-file", damaged], 9),
            (["restore", "latest", "--to", _directory["no"], "--identity-file", original.PassphraseFile], 9),
            (
                [
                    "restore",
                    "latest",
                    "--to",
                    _directory["no"],
                    "--identity-file",
                    own.File,
                    "--repository",
                    "file:///nowhere/repository",
                ],
                2),
        ];
        string[] pieces =
        [
            .. Pieces(PassphraseRepository.Passphrase),
            .. Pieces(PassphraseRepository.WrongPassphrase),
            .. Pieces(own.Secret),
        ];
        Assert.True(pieces.Length > 50 && pieces.All(piece => piece.Length == PieceLength));

        foreach ((string[] words, int exitCode) in runs)
        {
            ToolResult result = await Agent.RunAsync(
                [.. words, "--log-level", "debug", .. repository.Options],
                environment);
            Assert.True(
                exitCode == result.ExitCode,
                $"{string.Join(' ', words)} ended with {result.ExitCode}: {result.StandardError}");
            AssertContainsNone(pieces, result.StandardOutput + result.StandardError);
        }

        foreach (string path in (string[])[repository.DirectoryPath, temporary])
        {
            foreach (string written in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories))
            {
                string text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(written));
                AssertContainsNone(pieces, text);
                Assert.DoesNotContain("AGE-SECRET-KEY-", text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Neither_the_command_line_nor_the_log_of_the_worker_contains_a_secret()
    {
        using EncryptedLocation location = await EncryptedLocation.NewAsync(
            encryption: null,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["repo_password"] = PassphraseRepository.Passphrase,
            });
        _ = (await location.InitAsync()).Output;
        string[] pieces = [.. Pieces(PassphraseRepository.Passphrase)];
        await using PeerProcess worker = location.Start();
        await worker.UntilLoggedAsync("Backup of policy kubedr-system/nightly completed");
        string seen = Encoding.UTF8.GetString(await File.ReadAllBytesAsync($"/proc/{worker.Id}/cmdline"));
        Assert.StartsWith(Agent.Path, seen, StringComparison.Ordinal);
        AssertContainsNone(pieces, seen);

        // A crash would not write one to a core file either.
        string core = (await File.ReadAllLinesAsync($"/proc/{worker.Id}/limits")).Single(line =>
            line.StartsWith("Max core file size", StringComparison.Ordinal));
        Assert.Equal(
            ["0", "0", "bytes"],
            core["Max core file size".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries));

        await worker.StopAsync();
        AssertContainsNone(pieces, worker.Output);
    }

    public void Dispose() => _directory.Dispose();

    private static IEnumerable<string> Pieces(string secret) =>
        Enumerable.Range(0, secret.Length - PieceLength + 1).Select(i => secret.Substring(i, PieceLength));

    private static void AssertContainsNone(string[] pieces, string text)
    {
        // The text may contain a secret if this fails, so it is not shown.
        Assert.False(
            pieces.Any(piece => text.Contains(piece, StringComparison.OrdinalIgnoreCase)),
            "A secret was written.");
    }
}
