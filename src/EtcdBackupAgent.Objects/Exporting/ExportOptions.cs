namespace EtcdBackupAgent.Objects.Exporting;

/// <summary>What is exported, and in which form.</summary>
public sealed record ExportOptions
{
    /// <summary>The objects that are left out; null for none, because their kinds are named or all is wanted.</summary>
    public OmittedObjects? Omitted { get; init; }

    /// <summary>Write objects as they were read, and not ready to apply.</summary>
    public bool AsRead { get; init; }

    /// <summary>Leave out Secrets.</summary>
    public bool WithoutSecrets { get; init; }
}
