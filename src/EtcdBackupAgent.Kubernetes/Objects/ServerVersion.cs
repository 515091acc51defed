using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The document at <c>/version</c> of an API server.</summary>
internal static class ServerVersion
{
    /// <summary>The version, such as <c>v1.36.4</c>; empty if it is absent.</summary>
    public static string Text(JsonObject document) => ObjectFields.Text(document, "gitVersion") ?? "";
}
