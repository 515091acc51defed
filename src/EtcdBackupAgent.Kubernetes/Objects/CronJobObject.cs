using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>batch/v1</c> CronJob.</summary>
internal sealed class CronJobObject(JsonObject json) : WorkloadObject(json)
{
    public static CronJobObject? Of(JsonObject? json) => json is null ? null : new CronJobObject(json);
}
