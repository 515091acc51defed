using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>A Job of a policy that failed.</summary>
/// <param name="Job">The Job as it was read.</param>
/// <param name="At">When it failed.</param>
/// <param name="Message">Why it failed, in the words of the Job's status.</param>
/// <param name="SinceThen">The names of this Job and of the Jobs that began after it.</param>
internal sealed record FailedJob(
    JobObject Job, DateTimeOffset At, string Message, IReadOnlyCollection<string> SinceThen)
{
    /// <summary>The Job that failed last; among Jobs that failed in the same second, the one that began last. Null if
    /// none failed.</summary>
    public static FailedJob? Last(IEnumerable<JobObject> jobs)
    {
        JobObject[] inOrder = PolicyJobs.InOrder(jobs);
        return Enumerable.Range(0, inOrder.Length)
            .Select(i => JobState.Failure(inOrder[i]) is var (at, message)
                ? new FailedJob(inOrder[i], at, message, [.. inOrder[i..].Select(job => job.Name)])
                : null)
            .OfType<FailedJob>()
            .OrderBy(failed => failed.At)
            .LastOrDefault();
    }
}
