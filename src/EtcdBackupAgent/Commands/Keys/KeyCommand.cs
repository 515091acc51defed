using System.CommandLine;

namespace EtcdBackupAgent.Commands.Keys;

/// <summary><c>key</c>: who can open the repository's snapshots.</summary>
internal static class KeyCommand
{
    public static Command Create(LogOptions logs) => new Command("key", "Show and change who can open an encrypted repository.")
    {
        KeyListCommand.Create(logs),
        AddPassphraseCommand.Create(logs),
        ChangePassphraseCommand.Create(logs),
        AddRecipientCommand.Create(logs),
    }.WithExample("etcd-backup-agent key list --repository file:///var/backups/etcd");
}
