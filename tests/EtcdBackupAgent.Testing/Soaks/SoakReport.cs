namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>The result of a soak.</summary>
/// <param name="Samples">In the order of time.</param>
/// <param name="Outages">The number of outages of a peer.</param>
/// <param name="Failures">The failed backups, as lines of the agent's log.</param>
/// <param name="Violations">The violated invariants; empty for a correct soak. Growth is not one of them.</param>
public sealed record SoakReport(
    IReadOnlyList<AgentSample> Samples, int Outages, IReadOnlyList<string> Failures, IReadOnlyList<string> Violations);
