using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>
/// Measures the change logs that this process writes. The metrics are in <c>docs/monitoring.md</c>. Every method may be
/// called on any thread, returns at once and never fails.
/// </summary>
public interface IArchiveMetrics
{
    /// <summary>
    /// From now on the process writes the log of a policy, or tries to. A repeated call keeps what was measured.
    /// </summary>
    /// <returns>The observer that measures.</returns>
    IArchiveObserver Started(string policyName, PolicyChangeLog log);

    /// <summary>The process no longer writes the log of a policy: its metrics are removed.</summary>
    void Stopped(string policyName);
}
