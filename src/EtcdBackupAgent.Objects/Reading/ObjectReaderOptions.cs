using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Reading;

/// <summary>How stored objects are read.</summary>
public sealed record ObjectReaderOptions
{
    /// <summary>The built-in kinds.</summary>
    public FieldTable Table { get; init; } = FieldTable.Kubernetes;

    /// <summary>The values of <c>--etcd-prefix</c>; null for those of Kubernetes, k3s and OpenShift.</summary>
    public IReadOnlyList<string>? Prefixes { get; init; }

    /// <summary>The keys of encryption at rest; null if there are none.</summary>
    public EncryptionConfiguration? Encryption { get; init; }

    /// <summary>The definitions of custom resources of the same revision.</summary>
    public IReadOnlyDictionary<GroupResource, CustomResourceDefinition> Definitions { get; init; } =
        new Dictionary<GroupResource, CustomResourceDefinition>();

    /// <summary>
    /// Print objects as they are stored: no rule is applied, definitions stay in v1beta1, custom resources in their
    /// stored version.
    /// </summary>
    public bool AsStored { get; init; }

    /// <summary>
    /// Print only the kind and the metadata of objects that are encoded as protobuf. Others are printed whole, and so
    /// are those whose metadata depends on other fields.
    /// </summary>
    public bool MetadataOnly { get; init; }

    /// <summary>Print <c>metadata.managedFields</c>.</summary>
    public bool ManagedFields { get; init; }

    /// <summary>Print the values of Secrets.</summary>
    public bool ShowSecrets { get; init; }
}
