namespace EtcdBackupAgent.Core.Policies;

/// <summary>A namespace and a name: how a resource is known in a cluster and in a directory of documents alike.</summary>
public sealed record ResourceName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
