using System.CommandLine;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary>The option with the new passphrase of the repository.</summary>
internal sealed class NewPassphraseOption
{
    private readonly Option<string?> _file = new("--new-passphrase-file")
    {
        Description = "File with the new passphrase (default: the terminal).",
        HelpName = "FILE",
    };

    public void AddTo(Command verb) => verb.Add(_file);

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public AgePassphrase Read(ParseResult parsed) =>
        parsed.GetValue(_file) is { } file
            ? PassphraseText.OfFile(_file.Name, file)
            : PassphraseText.AskTwice("New passphrase: ") ?? throw new BackupException(
                FailureReason.InvalidInput, "No new passphrase is given, and there is no terminal to ask on.")
            {
                Hint = $"Add {_file.Name} FILE.",
            };
}
