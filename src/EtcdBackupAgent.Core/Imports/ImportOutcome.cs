using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Snapshots.Reports;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>The result of an import: a new snapshot, or one that already has the content.</summary>
public sealed record ImportOutcome
{
    /// <summary>The manifest of the snapshot.</summary>
    public required SnapshotManifest Manifest { get; init; }

    /// <summary>The address of the repository, for messages.</summary>
    public required string Address { get; init; }

    /// <summary>Whether the repository already had the content, so that nothing was stored.</summary>
    public required bool Existed { get; init; }

    /// <summary>The content of the file.</summary>
    public required SnapshotReport Report { get; init; }

    /// <summary>What did not stop the import.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}
