using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>batch/v1</c> Job.</summary>
internal sealed class JobObject(JsonObject json) : ClusterObject(json)
{
    public StatusConditions Conditions => new(ObjectSections.Status(Json));

    /// <summary>When the Job's controller first handled it; null before that.</summary>
    public DateTimeOffset? StartedAt => ObjectFields.Time(ObjectSections.Status(Json), "startTime");

    /// <summary>The number of pods whose containers are running and ready.</summary>
    public long ReadyPods => ObjectFields.Number(ObjectSections.Status(Json), "ready") ?? 0;

    public bool IsSuspended => ObjectFields.Flag(Specification, "suspend") == true;

    public static JobObject? Of(JsonObject? json) => json is null ? null : new JobObject(json);
}
