using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.RestorePoints;

/// <summary>Finds what it takes to restore a selection.</summary>
/// <remarks>
/// 1. A snapshot alone: any revision that it still has; without one its restore point, or the snapshot as it is.
/// 2. Otherwise the windows: those of the policy that contain the revision or the moment.
/// 3. For a moment, its revision in the log.
/// 4. The newest snapshot at or before it in that window.
/// </remarks>
public sealed class PointChoice(BackupRepository repository, IReadOnlyList<AgeIdentity> identities)
{
    /// <summary>Finds the point.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.SnapshotNotFound"/> with the windows, <see cref="FailureReason.SnapshotAmbiguous"/>,
    /// <see cref="FailureReason.InvalidInput"/>, or the reasons of reading a segment.
    /// </exception>
    public async Task<RestorePoint> FindAsync(RestoreSelection selection, CancellationToken cancellationToken) =>
        await FindAsync(
            selection, await repository.TakeInventoryAsync(cancellationToken), cancellationToken);

    /// <inheritdoc cref="FindAsync(RestoreSelection, CancellationToken)"/>
    public async Task<RestorePoint> FindAsync(
        RestoreSelection selection, Inventory inventory, CancellationToken cancellationToken)
    {
        // 1. a snapshot alone
        if (selection.SnapshotId is { } idText)
        {
            Snapshot snapshot = inventory.Find(idText, repository.Store.Address);
            repository.RequireTrusted(snapshot);
            return selection is { Revision: null, IsWhole: false }
                ? RestorePoint.DefaultOf(snapshot)
                : new RestorePoint { Snapshot = snapshot, Revision = selection.Revision };
        }

        // 2. the window
        LogInventory logs = await LogInventory.ReadAsync(repository.Store, cancellationToken);
        IReadOnlyList<RestoreWindow> windows = RestoreWindow.Of(inventory, logs);
        RestoreWindow window = FindWindow(selection, windows);

        // 3. the revision
        RevisionTime? time = selection.Time is { } moment
            ? await new MomentLookup(new SegmentFetch(repository.Store, identities))
                .FindAsync(window.Path, moment, cancellationToken)
            : null;
        long revision = time?.Revision ?? selection.Revision!.Value;

        // 4. the snapshot
        RestorePoint[] points =
        [
            .. window.Bases
                .Where(s => selection.Time is { } at
                    ? s.Manifest.CompletedAt <= at
                    : s.Manifest.Revision <= revision)
                .OrderByDescending(s => s.Manifest.Revision)
                .ThenByDescending(s => s.Manifest.StartedAt)
                .Select(s => new RestorePoint
                {
                    Snapshot = s,
                    Revision = revision,
                    Path = window.Path.From(s.Manifest.Revision).UpTo(revision),
                    Time = time,
                }),
        ];
        return points[0] with { Alternatives = points[1..] };
    }

    private RestoreWindow FindWindow(RestoreSelection selection, IReadOnlyList<RestoreWindow> windows)
    {
        RestoreWindow[] matching =
        [
            .. windows.Where(w => (selection.Policy is not { } policy || w.Policy == policy) && Contains(w, selection)),
        ];
        if (matching.Select(w => (w.Policy, w.ClusterId)).Distinct().Count() > 1)
        {
            throw new BackupException(
                FailureReason.SnapshotAmbiguous,
                $"{Describe(selection)} is in the change logs of several policies or clusters in "
                + $"{repository.Store.Address}: {string.Join(", ", matching.Select(Name).Distinct())}.")
            {
                Hint = "Name the policy.",
                Settings = [Setting.Policy],
            };
        }

        // Of two windows of one policy the later lineage counts: it has the history that went on.
        return matching.MaxBy(w => w.Path.Lineage.StartedAt) ?? throw NoWindow(selection, windows);
    }

    private BackupException NoWindow(RestoreSelection selection, IReadOnlyList<RestoreWindow> windows)
    {
        RestoreWindow[] own = [.. windows.Where(w => selection.Policy is not { } policy || w.Policy == policy)];
        string which = own.Length == 0
            ? "there is no change log with a snapshot to apply it on"
            : "the repository has every second of: " + string.Join("; ", own.Select(Text));
        return new BackupException(
            FailureReason.SnapshotNotFound,
            $"{Describe(selection)} cannot be restored from {repository.Store.Address}: {which}.")
        {
            Hint = "'etcd-backup-agent list --windows' shows what can be restored. A snapshot alone may still have a "
                + "revision: give its ID together with the revision.",
        };
    }

    private static bool Contains(RestoreWindow window, RestoreSelection selection) => selection.Time is { } moment
        ? moment >= window.From && moment <= window.Path.End
        : selection.Revision >= window.FromRevision && selection.Revision <= window.ToRevision;

    private static string Describe(RestoreSelection selection) => selection.Time is { } moment
        ? $"The moment {moment.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z"
        : $"Revision {selection.Revision}";

    private static string Name(RestoreWindow window) => $"{window.Policy} (cluster {window.ClusterId})";

    private static string Text(RestoreWindow window) =>
        $"{window.From.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z to {window.To.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z, revisions "
        + $"{window.FromRevision} to {window.ToRevision}, of {Name(window)}";
}
