using System.Text.Json.Serialization;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>A namespace and a name: how a resource is known in a cluster and in a directory of documents alike.</summary>
public sealed record ResourceName(string Namespace, string Name)
{
    /// <summary>The namespace of kubedr's documents, and of a name that is given without one.</summary>
    public const string NamespaceDefault = "kubedr-system";

    /// <summary>The name alone where the namespace is the default one, as people write it.</summary>
    [JsonIgnore]
    public string Short => Namespace == NamespaceDefault ? Name : ToString();

    public override string ToString() => $"{Namespace}/{Name}";
}
