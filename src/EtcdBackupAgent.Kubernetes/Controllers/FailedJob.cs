using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>A Job of a policy that failed.</summary>
/// <param name="Job">As it was read.</param>
/// <param name="At">When.</param>
/// <param name="Message">Why, as the Job says it.</param>
/// <param name="SinceThen">Its name, and those of the Jobs that began after it.</param>
internal sealed record FailedJob(
    JobObject Job, DateTimeOffset At, string Message, IReadOnlyCollection<string> SinceThen)
{
    /// <summary>The one that failed last; of those of one second, the one that began last. Null if none failed.</summary>
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
