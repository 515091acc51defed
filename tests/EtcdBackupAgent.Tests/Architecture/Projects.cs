using System.Reflection;
using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Commands;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Objects.Tables;
using EtcdBackupAgent.Resources.Directories;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Storage.S3;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>The assemblies of the projects of src.</summary>
internal static class Projects
{
    public static readonly Assembly Snapshots = typeof(SnapshotTrailerCheck).Assembly;
    public static readonly Assembly Archive = typeof(ArchiveDamagedException).Assembly;
    public static readonly Assembly Core = typeof(BackupRun).Assembly;
    public static readonly Assembly Etcd = typeof(EtcdConnection).Assembly;
    public static readonly Assembly Storage = typeof(S3Options).Assembly;
    public static readonly Assembly Objects = typeof(FieldTable).Assembly;
    public static readonly Assembly Resources = typeof(DirectoryResourceStore).Assembly;
    public static readonly Assembly Kubernetes = typeof(RetriedCall).Assembly;
    public static readonly Assembly Program = typeof(AgentCommandLine).Assembly;

    /// <summary>All projects, the lower layers first.</summary>
    public static readonly Assembly[] All =
        [Snapshots, Archive, Core, Etcd, Storage, Objects, Resources, Kubernetes, Program];

    /// <summary>Returns the namespace of a project, which is also the name of its directory.</summary>
    public static string Name(Assembly project) =>
        project == Program ? "EtcdBackupAgent" : project.GetName().Name!;
}
