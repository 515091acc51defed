using System.CommandLine;
using EtcdBackupAgent.Runtime;

namespace EtcdBackupAgent.Commands;

/// <summary><c>version</c>: prints the version.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        Command verb = new("version", "Show the version.");
        verb.SetAction(_ =>
        {
            Console.Out.WriteLine($"etcd-backup-agent {AgentVersion.Text}");
            return ExitCodes.Success;
        });
        return verb.WithExample("etcd-backup-agent version");
    }
}
