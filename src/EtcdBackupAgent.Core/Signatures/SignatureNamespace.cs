namespace EtcdBackupAgent.Core.Signatures;

/// <summary>
/// The kinds of signed documents, as the namespaces of their signatures: a signature of one kind is none of another.
/// </summary>
internal static class SignatureNamespace
{
    public const string Manifest = "etcd-backup-agent-manifest";

    public const string Verification = "etcd-backup-agent-verification";

    public const string Statement = "etcd-backup-agent-statement";

    public const string Repository = "etcd-backup-agent-repository";
}
