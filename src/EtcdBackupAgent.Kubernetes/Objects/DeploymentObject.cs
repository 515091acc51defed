using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>An <c>apps/v1</c> Deployment.</summary>
internal sealed class DeploymentObject(JsonObject json) : WorkloadObject(json);
