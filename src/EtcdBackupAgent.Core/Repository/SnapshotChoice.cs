using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>Finds the snapshot that a user's text identifies.</summary>
internal static class SnapshotChoice
{
    /// <summary>
    /// The word for the newest complete snapshot that is not known to be damaged, nor dated in the future.
    /// </summary>
    public const string Latest = "latest";

    /// <summary>Finds the one snapshot that the text identifies, with its manifest.</summary>
    public static Snapshot Find(Inventory inventory, string idText, string address)
    {
        SnapshotFolder folder = FindFolder(inventory, idText, address);
        return inventory.Snapshots.SingleOrDefault(s => s.Folder == folder)
            ?? throw inventory.Unreadable.Single(s => s.Folder == folder).Problem;
    }

    /// <summary>
    /// Finds the folder of the one snapshot that the text identifies, even if its manifest cannot be read.
    /// </summary>
    public static SnapshotFolder FindFolder(Inventory inventory, string idText, string address)
    {
        if (idText == Latest)
        {
            return SnapshotHistory.Newest(inventory.Snapshots, s => s.IsGood)?.Folder
                ?? throw NoLatest(inventory, address);
        }

        string wanted = idText.ToLowerInvariant();
        if (wanted.Length is 0 or > SnapshotId.Length || !wanted.All(char.IsAsciiHexDigitLower))
        {
            return FindNamed(inventory, idText, address);
        }

        SnapshotFolder[] matching =
        [
            .. inventory.Folders.Where(f => f.Id.Value.StartsWith(wanted, StringComparison.Ordinal)),
        ];
        return matching switch
        {
            [SnapshotFolder one] => one,
            [] => throw NotFound($"No snapshot in {address} has an ID that starts with '{wanted}'."),
            _ => throw new BackupException(
                FailureReason.SnapshotAmbiguous,
                $"'{wanted}' is the start of {matching.Length} snapshot IDs in {address}: "
                + $"{string.Join(", ", matching.Select(f => f.Id))}.")
            {
                Hint = "Type one more digit.",
            },
        };
    }

    /// <summary>Finds the one snapshot with a name that a user gave. It is no ID: it contains a hyphen.</summary>
    private static SnapshotFolder FindNamed(Inventory inventory, string name, string address)
    {
        Snapshot[] named = [.. inventory.Snapshots.Where(s => s.Manifest.Name == name)];
        return named switch
        {
            [Snapshot one] => one.Folder,
            [] when name.Contains('-', StringComparison.Ordinal) =>
                throw NotFound($"No snapshot in {address} has the name '{name}'."),
            [] => throw new BackupException(
                FailureReason.InvalidInput,
                $"'{name}' is not a snapshot ID: up to {SnapshotId.Length} hexadecimal digits, or '{Latest}'."),
            _ => throw new BackupException(
                FailureReason.SnapshotAmbiguous,
                $"'{name}' is the name of {named.Length} snapshots in {address}: "
                + $"{string.Join(", ", named.Select(s => s.Id))}.")
            {
                Hint = "Give the ID of one of them.",
            },
        };
    }

    private static BackupException NoLatest(Inventory inventory, string address)
    {
        if (inventory.Snapshots.LastOrDefault(s => s.IsGood) is { } future)
        {
            return new BackupException(
                FailureReason.SnapshotNotFound,
                $"Every good snapshot in {address} is dated in the future by this machine's clock, so none is "
                + $"'{Latest}'. By etcd's revisions the newest is {future.Id}, dated "
                + $"{future.Manifest.CompletedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z.")
            {
                Hint = "Check this machine's clock with 'date -u'. If it is correct, give the ID of the snapshot.",
            };
        }

        return NotFound(inventory.Snapshots.Any(s => s.IsComplete)
            ? $"Every complete snapshot in {address} is known to be damaged."
            : $"There is no complete snapshot in {address}.");
    }

    private static BackupException NotFound(string message) =>
        new(FailureReason.SnapshotNotFound, message)
        {
            Hint = "'etcd-backup-agent list' shows the existing snapshots.",
        };
}
