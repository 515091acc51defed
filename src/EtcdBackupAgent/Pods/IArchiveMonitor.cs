using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Pods;

/// <summary>
/// Receives whether this process writes a change log, or waits for another one that does. Every method may be called on
/// any thread, returns at once and never fails.
/// </summary>
internal interface IArchiveMonitor
{
    /// <summary>This process works, although it may not write the log now.</summary>
    void Waiting();

    /// <summary>From now on this process writes the log of a policy, or tries to.</summary>
    /// <returns>Receives what happens to the log.</returns>
    IArchiveObserver Started(ResourceName policy, PolicyChangeLog log);

    /// <summary>This process no longer writes the log.</summary>
    void Stopped(ResourceName policy);
}
