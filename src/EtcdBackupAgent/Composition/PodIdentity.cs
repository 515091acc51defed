namespace EtcdBackupAgent.Composition;

/// <summary>Which process this is, for events, statuses and leases.</summary>
internal static class PodIdentity
{
    /// <summary>The name of the pod, by the downward API.</summary>
    private const string Variable = "POD_NAME";

    /// <summary>The pod's name; outside of a cluster the machine's and the process's.</summary>
    public static string Name() => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } name
        ? name
        : $"{Environment.MachineName}-{Environment.ProcessId}";
}
