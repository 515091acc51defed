using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>The names of the kinds of artifacts, in the repository and in messages.</summary>
internal static class ArtifactNames
{
    /// <summary>Returns the file name in a snapshot's folder (<c>docs/spec/repository.md</c>, "Artifacts").</summary>
    public static string FileName(ArtifactKind kind, ArtifactEncryption encryption)
    {
        string name = kind switch
        {
            ArtifactKind.Etcd => "etcd.db.zst",
            ArtifactKind.Certs => "certs.tar.zst",
            ArtifactKind.EtcdChanges => "etcd.changes.zst",
            ArtifactKind.Objects => "objects.jsonl.zst",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An unknown kind of artifact."),
        };
        return encryption == ArtifactEncryption.Age ? name + ".age" : name;
    }

    public static string Title(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Etcd => "etcd database",
        ArtifactKind.Certs => "certificates",
        ArtifactKind.EtcdChanges => "etcd changes",
        ArtifactKind.Objects => "objects",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An unknown kind of artifact."),
    };
}
