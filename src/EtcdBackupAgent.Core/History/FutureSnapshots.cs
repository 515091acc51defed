using System.Globalization;

namespace EtcdBackupAgent.Core.History;

/// <summary>Describes snapshots that are dated in the future, for every place that reports them.</summary>
public static class FutureSnapshots
{
    /// <summary>The number of snapshots that are listed by ID; the others are only counted.</summary>
    private const int NamedMax = 5;

    /// <summary>Returns one or two sentences; null if there are no such snapshots.</summary>
    public static string? Describe(IReadOnlyCollection<Snapshot> snapshots)
    {
        if (snapshots.Count == 0)
        {
            return null;
        }

        IEnumerable<string> named = snapshots.Take(NamedMax).Select(s => $"{s.Id} ({Text(s.Manifest.StartedAt)})");
        string others = snapshots.Count > NamedMax ? $" and {snapshots.Count - NamedMax} others" : "";
        (string are, string count) = snapshots.Count == 1
            ? ("1 snapshot is", "does not count")
            : ($"{snapshots.Count} snapshots are", "do not count");
        return $"{are} dated in the future by this machine's clock and {count} as the newest: "
            + $"{string.Join(", ", named)}{others}. Either clock may be wrong; they can be restored by ID.";
    }

    private static string Text(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
