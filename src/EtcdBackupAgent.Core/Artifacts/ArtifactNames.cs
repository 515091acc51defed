using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.Artifacts;

/// <summary>What the kinds of artifacts are called, in the repository and to people.</summary>
internal static class ArtifactNames
{
    /// <summary>The file's name in a snapshot's folder (<c>docs/spec/repository.md</c>, "Artifacts").</summary>
    public static string FileName(ArtifactKind kind, ArtifactEncryption encryption)
    {
        string name = kind switch
        {
            ArtifactKind.Etcd => "etcd.db.zst",
            ArtifactKind.Certs => "certs.tar.zst",
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An unknown kind of artifact."),
        };
        return encryption == ArtifactEncryption.Age ? name + ".age" : name;
    }

    public static string Title(ArtifactKind kind) => kind switch
    {
        ArtifactKind.Etcd => "etcd database",
        ArtifactKind.Certs => "certificates",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "An unknown kind of artifact."),
    };
}
