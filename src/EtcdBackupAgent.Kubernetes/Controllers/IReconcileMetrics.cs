namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>What is counted and measured of reconciliations; <c>docs/monitoring.md</c> has the metrics.</summary>
/// <remarks>Every call may come from any thread, returns at once and never fails. A <c>kind</c> is that of a
/// manifest: <c>MetadataBackupPolicy</c>.</remarks>
internal interface IReconcileMetrics
{
    /// <summary>A reconciliation has come to its end.</summary>
    void Reconciled(string kind, ReconcileResult result, TimeSpan duration);

    /// <summary>How many names wait in the queue of a kind: due, and not being looked at.</summary>
    void QueueChanged(string kind, int depth);
}

/// <summary>How a reconciliation ended.</summary>
internal enum ReconcileResult
{
    /// <summary>All that was due is done.</summary>
    Succeeded,

    /// <summary>Another writer was faster: it is tried again soon.</summary>
    Conflict,

    /// <summary>It failed, and is tried again after a wait.</summary>
    Failed,

    /// <summary>It failed, and trying again would fail in the same way (<see cref="TerminalFailure"/>).</summary>
    Terminal,
}
