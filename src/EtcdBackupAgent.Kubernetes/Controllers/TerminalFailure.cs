namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// A reconciliation has failed, and would fail in the same way each time until the object, or something that is watched
/// with it, changes. It is not retried before that. Source: controller-runtime's <c>TerminalError</c>.
/// </summary>
/// <remarks>
/// Only a reconciler knows the cause of its failure, so it throws this exception itself. Two failures are terminal:
/// <list type="bullet">
/// <item>The API server's own validation rejects the Job or the CronJob that an object requires
/// (<see cref="Api.ApiStatusException.IsInvalid"/>). The Job was built from that object, and the same request gets the
/// same response. A denial by a quota, a right or an admission policy is not terminal: it is lifted elsewhere, and no
/// watch reports that.</item>
/// <item>The repository has a format that this version does not know. A version that knows it is a new process, and
/// reconciles every object at its start.</item>
/// </list> An error in a Secret or a bucket is not terminal either: it is checked again after
/// <see cref="ControllerOptions.Recheck"/>.
/// </remarks>
/// <param name="cause">The failure.</param>
internal sealed class TerminalFailure(Exception cause) : Exception(cause.Message, cause)
{
    /// <summary>The failure.</summary>
    public Exception Cause { get; } = cause;

    /// <summary>When to reconcile again for another reason, such as a pod that has not started; null: not until
    /// something changes.</summary>
    public TimeSpan? RecheckAfter { get; init; }
}
