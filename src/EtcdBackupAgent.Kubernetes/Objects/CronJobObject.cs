using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>A <c>batch/v1</c> CronJob.</summary>
internal sealed class CronJobObject(JsonObject json) : WorkloadObject(json);
