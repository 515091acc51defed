using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>
/// A program that gives credentials, as a kubeconfig names it. Source: kubernetes.io, "client-go credential plugins".
/// </summary>
internal sealed record ExecPlugin
{
    /// <summary><c>client.authentication.k8s.io/v1</c> or <c>v1beta1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>A name on PATH, or an absolute path.</summary>
    public required string Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Added to the agent's own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How to come by the program, in its author's words; null if the kubeconfig says nothing.</summary>
    public string? InstallHint { get; init; }

    /// <summary>What the program is told of the cluster; null if it does not want to know.</summary>
    public JsonObject? Cluster { get; init; }

    /// <summary>What the program finds in <c>KUBERNETES_EXEC_INFO</c>.</summary>
    public string Request()
    {
        JsonObject specification = new() { ["interactive"] = false };
        if (Cluster is not null)
        {
            specification.Add("cluster", Cluster.DeepClone());
        }

        return new JsonObject
        {
            ["apiVersion"] = ApiVersion,
            ["kind"] = "ExecCredential",
            ["spec"] = specification,
        }.ToJsonString();
    }
}
