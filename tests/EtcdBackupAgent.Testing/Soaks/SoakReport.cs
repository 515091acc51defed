namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>What a soak saw.</summary>
/// <param name="Samples">In the order of time.</param>
/// <param name="Outages">How often a peer was away.</param>
/// <param name="Failures">Backups that failed meanwhile, as the agent's log has them.</param>
/// <param name="Violations">What must not be; empty if all is well. Growth is not among them.</param>
public sealed record SoakReport(
    IReadOnlyList<AgentSample> Samples, int Outages, IReadOnlyList<string> Failures, IReadOnlyList<string> Violations);
