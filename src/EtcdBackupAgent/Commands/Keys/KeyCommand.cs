using System.CommandLine;
using EtcdBackupAgent.Composition;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary><c>key</c>: shows and changes who can open the repository's snapshots.</summary>
internal static class KeyCommand
{
    public static Command Create(LogOptions logs, Wiring wiring) => new Command(
        "key", "Show and change who can open an encrypted repository, and whose signatures count.")
    {
        KeyListCommand.Create(logs, wiring),
        AddPassphraseCommand.Create(logs, wiring),
        ChangePassphraseCommand.Create(logs, wiring),
        AddRecipientCommand.Create(logs, wiring),
        ReplaceRecipientsCommand.Create(logs, wiring),
        SignerCommands.CreateNew(logs, wiring),
        SignerCommands.CreateAdd(logs, wiring),
        SignerCommands.CreateRemove(logs, wiring),
    }.WithExample("etcd-backup-agent key list --repository file:///var/backups/etcd");
}
