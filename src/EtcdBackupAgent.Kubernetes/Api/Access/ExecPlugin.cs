using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>
/// A program that returns credentials, as a kubeconfig specifies it. Source: kubernetes.io, "client-go credential
/// plugins".
/// </summary>
internal sealed record ExecPlugin
{
    /// <summary><c>client.authentication.k8s.io/v1</c> or <c>v1beta1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>A name on PATH, or an absolute path.</summary>
    public required string Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Variables that are added to the agent's own environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } =
        new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How to install the program, in its author's words; null if the kubeconfig has no hint.</summary>
    public string? InstallHint { get; init; }

    /// <summary>The description of the cluster for the program; null if the program does not request it.</summary>
    public JsonObject? Cluster { get; init; }

    /// <summary>Returns the value of <c>KUBERNETES_EXEC_INFO</c> for the program.</summary>
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
