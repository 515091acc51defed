namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// A reconciliation has failed, and would fail in the same way each time until the object, or something that is
/// watched with it, changes: it is not tried again before. Source: controller-runtime's <c>TerminalError</c>.
/// </summary>
/// <remarks>
/// Only a reconciler knows what its failure came from, so it says so itself, and two failures are terminal:
/// <list type="bullet">
/// <item>The API server's own validation does not take the Job or the CronJob that an object asks for
/// (<see cref="Api.ApiStatusException.IsInvalid"/>). It was made from that object, and the same request gets the same
/// answer. A denial by a quota, a right or an admission policy is not terminal: it is lifted elsewhere, and no watch
/// reports that.</item>
/// <item>The repository has a format that this version does not know. A version that knows it starts anew, and looks at
/// every object then.</item>
/// </list>
/// What is wrong with a Secret or a bucket is not terminal either: it is looked at again after
/// <see cref="ControllerOptions.Recheck"/>.
/// </remarks>
/// <param name="cause">What failed.</param>
internal sealed class TerminalFailure(Exception cause) : Exception(cause.Message, cause)
{
    /// <summary>What failed.</summary>
    public Exception Cause { get; } = cause;

    /// <summary>When to look again for another reason, as at a pod that has not started; null: not before something
    /// changes.</summary>
    public TimeSpan? LookAgain { get; init; }
}
