namespace EtcdBackupAgent.Core.Documents;

/// <summary>How a snapshot was imported from a file (<c>docs/spec/repository.md</c>, "Imports").</summary>
public sealed record SnapshotImport
{
    /// <summary>When the import began, by the agent's clock.</summary>
    public required DateTimeOffset ImportedAt { get; init; }

    /// <summary>The name of the file without its directories; null from standard input.</summary>
    public string? File { get; init; }

    /// <summary>What the file was packed in; null if it was the database itself.</summary>
    public ImportPacking? Packing { get; init; }

    /// <summary>Whether the file had no trailer of etcd, and the agent appended it.</summary>
    public required bool TrailerAppended { get; init; }

    /// <summary>Where the time of the snapshot is from.</summary>
    public required ImportTime TakenAtFrom { get; init; }

    /// <summary>Where the ID of the cluster is from.</summary>
    public required ImportClusterId ClusterIdFrom { get; init; }

    /// <summary>
    /// The version that all members supported, such as <c>3.5.0</c>; null before 3.5, which was the first to write it.
    /// </summary>
    public string? ClusterVersion { get; init; }
}

/// <summary>What an imported file was packed in.</summary>
public enum ImportPacking
{
    /// <summary>gzip (RFC 1952).</summary>
    Gzip,

    /// <summary>zlib (RFC 1950).</summary>
    Zlib,

    /// <summary>A zip archive with one file.</summary>
    Zip,

    /// <summary>zstd (RFC 8878).</summary>
    Zstd,
}

/// <summary>Where the time of an imported snapshot is from.</summary>
public enum ImportTime
{
    /// <summary>The user gave it.</summary>
    Given,

    /// <summary>The modification time of the file.</summary>
    File,
}

/// <summary>Where the ID of the cluster of an imported snapshot is from.</summary>
public enum ImportClusterId
{
    /// <summary>The user gave it.</summary>
    Given,

    /// <summary>
    /// Another snapshot of the repository has it, and it is the ID of a cluster that members of the file can have
    /// founded.
    /// </summary>
    Known,

    /// <summary>It is computed from the members of the file.</summary>
    Computed,
}
