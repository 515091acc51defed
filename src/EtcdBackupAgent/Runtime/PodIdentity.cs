namespace EtcdBackupAgent.Runtime;

/// <summary>The identity of this process, for events, statuses and leases.</summary>
internal static class PodIdentity
{
    /// <summary>The variable with the name of the pod, from the downward API.</summary>
    private const string Variable = "POD_NAME";

    private const string NodeVariable = "NODE_NAME";

    /// <summary>The name of the pod; outside of a cluster, the machine name and the process ID.</summary>
    public static string Name() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name
        ? name
        : $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>The node of the pod; null outside of a cluster, or if the manifest does not set the variable.</summary>
    public static string? Node() =>
        Environment.GetEnvironmentVariable(NodeVariable) is { Length: > 0 } node ? node : null;
}
