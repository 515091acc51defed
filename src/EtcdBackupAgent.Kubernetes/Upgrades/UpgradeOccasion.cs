using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Upgrades;

/// <summary>Marks the snapshot of a change: it is named and labelled with the value before, and a restore of it goes to
/// the state before.</summary>
internal static class UpgradeOccasion
{
    /// <summary>The end of the snapshot's name if the value has no letter and no digit.</summary>
    private const string NamelessSuffix = "upgrade";

    public static BackupOccasion Of(WatchedField watched, UpgradeChange change) =>
        BackupOccasion.OnDemand(BackupOccasion.NoteOf(Describe(watched, change))) with
        {
            RestorePoint = change.RevisionBefore,
            NameSuffix = Word(change.From.ToLowerInvariant(), "-.") is { Length: > 0 } suffix
                ? suffix
                : NamelessSuffix,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [ClusterNames.BeforeUpgradeLabel] = Word(change.From, "-_."),
            },
        };

    /// <summary>Why the backup is made.</summary>
    public static string Describe(WatchedField watched, UpgradeChange change) =>
        $"before {watched} went from {change.From} to {change.To}"
        + (change.IsExact ? "" : " (seen late: the restore point is that before the last write of the object)");

    /// <summary>Makes a value the value of a label, or the end of a name: other characters become hyphens. It may be
    /// empty.</summary>
    /// <param name="value">The value.</param>
    /// <param name="between">The characters that it may have besides letters and digits, but not at its ends.</param>
    private static string Word(string value, string between)
    {
        string clean = string.Concat(value.Select(one =>
            char.IsAsciiLetterOrDigit(one) || between.Contains(one, StringComparison.Ordinal) ? one : '-'));
        clean = clean.TrimStart(['-', '_', '.']);
        return clean[..Math.Min(clean.Length, BackupOccasion.LabelLengthMax)].TrimEnd('-', '_', '.');
    }
}
