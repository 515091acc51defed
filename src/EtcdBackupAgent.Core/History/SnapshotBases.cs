using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.History;

/// <summary>Connects incremental snapshots with their bases.</summary>
internal static class SnapshotBases
{
    /// <summary>
    /// Returns the snapshots, each incremental one with its base or with the reason why it has none
    /// (<c>docs/spec/increments.md</c>, "Retention").
    /// </summary>
    /// <param name="snapshots">All readable snapshots of the repository.</param>
    public static IReadOnlyList<Snapshot> Connect(IReadOnlyList<Snapshot> snapshots)
    {
        Dictionary<SnapshotId, Snapshot> byId = snapshots
            .Where(snapshot => !snapshot.Manifest.IsIncremental)
            .DistinctBy(snapshot => snapshot.Id)
            .ToDictionary(snapshot => snapshot.Id);
        return [.. snapshots.Select(snapshot => Connect(snapshot, byId))];
    }

    private static Snapshot Connect(Snapshot snapshot, Dictionary<SnapshotId, Snapshot> byId)
    {
        if (snapshot.Manifest.Base is not { } needed)
        {
            return snapshot;
        }

        if (!byId.TryGetValue(needed.Id, out Snapshot? found))
        {
            return snapshot with { BaseProblem = $"its base {needed.Id} does not exist" };
        }

        return found.Manifest.DocumentSha256 != needed.ManifestSha256
            ? snapshot with { BaseProblem = $"its base {needed.Id} is not the snapshot that it was made for" }
            : snapshot with
            {
                Base = found,
                BaseProblem = found.IsComplete ? null : $"its base {needed.Id} is incomplete: {found.MissingParts}",
            };
    }
}
