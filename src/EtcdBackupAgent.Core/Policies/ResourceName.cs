using System.Text.Json.Serialization;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>A namespace and a name: they identify a resource in a cluster and in a directory of documents.</summary>
public sealed record ResourceName(string Namespace, string Name)
{
    /// <summary>The namespace of kubedr's documents, and the default for a name without a namespace.</summary>
    public const string NamespaceDefault = "kubedr-system";

    /// <summary>The name of the policy on a command line that names none and needs none.</summary>
    public const string PolicyDefault = "default";

    /// <summary>The short form: the name alone if the namespace is the default one.</summary>
    [JsonIgnore]
    public string Short => Namespace == NamespaceDefault ? Name : ToString();

    public override string ToString() => $"{Namespace}/{Name}";
}
