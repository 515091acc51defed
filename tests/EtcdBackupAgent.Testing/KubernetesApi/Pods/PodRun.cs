namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>A finished pod of a Job.</summary>
public sealed record PodRun
{
    public required string Job { get; init; }

    public required string Pod { get; init; }

    /// <summary>The arguments of the program, as in the template.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public required int ExitCode { get; init; }

    /// <summary>The last lines of both output streams.</summary>
    public required string Log { get; init; }
}
