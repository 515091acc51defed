using System.Globalization;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Retention;

/// <summary>What a person should know of a repository before relying on what retention does in it.</summary>
internal static class PruneWarnings
{
    /// <param name="inventory">The repository.</param>
    /// <param name="justMade">The snapshot of the backup that prunes; null if there is none.</param>
    public static IEnumerable<string> Of(Inventory inventory, SnapshotId? justMade)
    {
        if (FutureSnapshots.Describe([.. inventory.FromFuture]) is { } future)
        {
            yield return future;
        }

        if (inventory.Snapshots.FirstOrDefault(s => s.Id == justMade) is { StoredAt: { } stored } made
            && (made.Manifest.CompletedAt - stored).Duration() > ClockTolerance.ClockToleranceMax)
        {
            yield return "The clock of this machine and that of the store differ: the manifest of snapshot "
                + $"{made.Id} says {Text(made.Manifest.CompletedAt)}, the store {Text(stored)}. "
                + "Set the one that is wrong: schedules, alerts and lists go by it.";
        }

        foreach (BackupException note in inventory.UnreadableNotes)
        {
            yield return $"{note.Message} It counts for nothing.";
        }
    }

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
