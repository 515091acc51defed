namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Counts and measures reconciliations. <c>docs/monitoring.md</c> lists the metrics.</summary>
/// <remarks>Any thread may call a member. A call returns at once and never fails. A <c>kind</c> is written as in a
/// manifest: <c>MetadataBackupPolicy</c>.</remarks>
internal interface IReconcileMetrics
{
    /// <summary>Records that a reconciliation has completed.</summary>
    void Reconciled(string kind, ReconcileResult result, TimeSpan duration);

    /// <summary>Records how many names of a kind wait in the queue: they are due, and no worker handles them
    /// yet.</summary>
    void QueueChanged(string kind, int depth);
}

/// <summary>How a reconciliation ended.</summary>
internal enum ReconcileResult
{
    /// <summary>Everything that was due is done.</summary>
    Succeeded,

    /// <summary>Another writer changed the object first; it is retried soon.</summary>
    Conflict,

    /// <summary>It failed, and is retried after a wait.</summary>
    Failed,

    /// <summary>It failed, and a retry would fail in the same way (<see cref="TerminalFailure"/>).</summary>
    Terminal,
}
