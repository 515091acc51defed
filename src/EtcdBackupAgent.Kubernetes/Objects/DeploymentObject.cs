using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>An <c>apps/v1</c> Deployment.</summary>
internal sealed class DeploymentObject(JsonObject json) : WorkloadObject(json)
{
    public static DeploymentObject? Of(JsonObject? json) => json is null ? null : new DeploymentObject(json);
}
