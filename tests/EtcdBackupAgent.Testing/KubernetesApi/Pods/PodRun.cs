namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>One pod of a Job: what it was, and what came of it.</summary>
public sealed record PodRun
{
    public required string Job { get; init; }

    public required string Pod { get; init; }

    /// <summary>The arguments of the program as the template has them.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public required int ExitCode { get; init; }

    /// <summary>The last lines of both its streams.</summary>
    public required string Log { get; init; }
}
