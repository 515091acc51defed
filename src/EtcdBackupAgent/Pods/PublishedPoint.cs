using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Output;

namespace EtcdBackupAgent.Pods;

/// <summary>Describes a revision for the status of a MetadataRestore.</summary>
internal static class PublishedPoint
{
    /// <param name="revision">The revision that was restored; null for the snapshot's own.</param>
    /// <param name="time">What is known about its time; null if it was not selected by its time.</param>
    /// <returns>Null for the snapshot's own revision.</returns>
    public static RestoredPoint? Of(long? revision, RevisionTime? time) => revision is null
        ? null
        : new RestoredPoint(
            revision.Value,
            time is null ? null : new RestoredMoment(time.Moment, time.IsExact, $"{WindowText.Text(time)}."));
}
