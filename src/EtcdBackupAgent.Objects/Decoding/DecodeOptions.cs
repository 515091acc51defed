namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>What is printed besides the stored bytes, and what is left out.</summary>
public sealed record DecodeOptions
{
    /// <summary>Printed as <c>metadata.resourceVersion</c>, which is empty in stored bytes; null for nothing.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>
    /// Print only the kind and the metadata, which is enough to list and to select objects, and many times as fast.
    /// </summary>
    public bool MetadataOnly { get; init; }

    /// <summary>Print <c>metadata.managedFields</c>. Without it, decoding is faster.</summary>
    public bool ManagedFields { get; init; } = true;
}
