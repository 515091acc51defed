using EtcdBackupAgent.Bench.Backups;
using EtcdBackupAgent.Bench.Counting;
using EtcdBackupAgent.Bench.Layers;
using EtcdBackupAgent.Bench.Restores;
using EtcdBackupAgent.Bench.Starting;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>All parts in the order of their measurement.</summary>
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

    /// <summary>Returns the parts with these names, or all parts without a name.</summary>
    /// <exception cref="ArgumentException">A part does not exist.</exception>
    public static IReadOnlyList<IPart> Named(IReadOnlyCollection<string> names)
    {
        string? unknown = names.FirstOrDefault(name => !Array.Exists(All, part => part.Name == name));
        return unknown is null
            ? [.. All.Where(part => names.Count == 0 || names.Contains(part.Name, StringComparer.Ordinal))]
            : throw new ArgumentException(
                $"The part '{unknown}' does not exist. Parts: {string.Join(", ", All.Select(part => part.Name))}.",
                nameof(names));
    }
}
