using EtcdBackupAgent.Bench.Backups;
using EtcdBackupAgent.Bench.Counting;
using EtcdBackupAgent.Bench.Layers;
using EtcdBackupAgent.Bench.Restores;
using EtcdBackupAgent.Bench.Starting;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>All parts, in the order in which they are measured.</summary>
internal static class Parts
{
    private static readonly IPart[] All =
    [
        new BackupToS3Part(),
        new BackupToFilePart(),
        new SlowBucketPart(),
        new RestorePart(),
        new FloorPart(),
        new LayersPart(),
        new SizePart(),
        new CountPart(),
        new StartupPart(),
    ];

    /// <summary>The parts of these names; all, if none is named.</summary>
    /// <exception cref="ArgumentException">There is no part of a name.</exception>
    public static IReadOnlyList<IPart> Named(IReadOnlyCollection<string> names)
    {
        string? unknown = names.FirstOrDefault(name => !Array.Exists(All, part => part.Name == name));
        return unknown is null
            ? [.. All.Where(part => names.Count == 0 || names.Contains(part.Name, StringComparer.Ordinal))]
            : throw new ArgumentException(
                $"There is no part '{unknown}', only {string.Join(", ", All.Select(part => part.Name))}.",
                nameof(names));
    }
}
