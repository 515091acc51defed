using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Etcd.Failures;

/// <summary>Combines the failures of all endpoints into one.</summary>
internal static class EndpointFailures
{
    /// <summary>
    /// A refusal decides the reason, since only a person can correct it; then an error response. If there is neither,
    /// the endpoints are unreachable, and a retry is worthwhile.
    /// </summary>
    /// <param name="failures">At least one.</param>
    /// <param name="summary">The sentence before the failures, if there are several.</param>
    public static BackupException Combine(List<BackupException> failures, string summary)
    {
        BackupException first = failures.Find(failure => failure.Reason == FailureReason.EtcdDenied)
            ?? failures.Find(failure => failure.Reason != FailureReason.EtcdUnreachable)
            ?? failures[0];
        return failures.Count == 1
            ? first
            : first.WithMessage($"{summary} {string.Join(' ', failures.Select(failure => failure.Message))}");
    }
}
