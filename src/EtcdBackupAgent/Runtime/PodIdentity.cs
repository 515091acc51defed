namespace EtcdBackupAgent.Runtime;

/// <summary>Which process this is, for events, statuses and leases.</summary>
internal static class PodIdentity
{
    /// <summary>The name of the pod, by the downward API.</summary>
    private const string Variable = "POD_NAME";

    private const string NodeVariable = "NODE_NAME";

    /// <summary>The pod's name; outside of a cluster the machine's and the process's.</summary>
    public static string Name() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name
        ? name
        : $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>The node of the pod; null outside of a cluster, and where the manifest does not hand it over.</summary>
    public static string? Node() =>
        Environment.GetEnvironmentVariable(NodeVariable) is { Length: > 0 } node ? node : null;
}
