using System.CommandLine;
using EtcdBackupAgent.Composition;

namespace EtcdBackupAgent.Commands.Objects;

/// <summary><c>objects</c>: shows the Kubernetes objects in a snapshot, and restores them.</summary>
internal static class ObjectsCommand
{
    public static Command Create(LogOptions logs, Wiring wiring) => new Command(
        "objects", "Show the Kubernetes objects in a snapshot as kubectl shows those of a cluster, and restore them.")
    {
        ListObjectsCommand.Create(logs, wiring),
        GetObjectsCommand.Create(logs, wiring),
        ExportObjectsCommand.Create(logs, wiring),
        DiffObjectsCommand.Create(logs, wiring),
        HistoryObjectsCommand.Create(logs, wiring),
        RestoreObjectsCommand.Create(logs, wiring),
    }.WithExample(
        "etcd-backup-agent objects list latest deployments -n web --repository file:///var/backups/etcd\n"
        + "etcd-backup-agent objects get --file etcd.db configmap/settings -n web -o yaml");
}
