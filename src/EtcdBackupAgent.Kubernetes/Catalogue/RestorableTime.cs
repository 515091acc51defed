using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Catalogue;

/// <summary>
/// Publishes in a policy's status from when to when its change log can restore every second: the newest window, up to
/// the end of the log or to its last hole.
/// </summary>
internal static class RestorableTime
{
    /// <summary>Whether the change logs must be read for a policy: it has one, or its status shows one.</summary>
    public static bool IsWanted(PolicyObject policy) => policy.HasChangeLog || policy.Status.HasRestorable;

    /// <summary>Writes the newest window of a policy into its status; removes the fields if there is none.</summary>
    /// <param name="status">The status, which is changed.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="history">The history of the whole repository.</param>
    /// <param name="windows">The windows of the whole repository.</param>
    public static void Apply(
        PolicyStatus status, PolicyObject policy, SnapshotHistory history, IReadOnlyList<RestoreWindow> windows)
    {
        OwnSnapshots own = PolicySnapshots.Of(policy, history);
        RestoreWindow? newest = windows
            .Where(window => window.Policy == policy.FullName && window.Bases.Any(own.Contains))
            .MaxBy(window => (window.Path.Lineage.StartedAt, window.To));

        // Each of the two can be given to a restore: the first is not before the window.
        if (newest is not null && StatusTime.RoundedUp(newest.From) is var from && from <= newest.To)
        {
            status.SetRestorable(from, newest.To);
        }
        else
        {
            status.RemoveRestorable();
        }
    }
}
