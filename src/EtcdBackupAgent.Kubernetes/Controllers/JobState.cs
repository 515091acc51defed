using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Reads the state of a Job's only pod from the Job's status.</summary>
internal static class JobState
{
    private const string Failed = "Failed";

    public static bool IsComplete(JobObject job) => job.Conditions.IsTrue("Complete");

    /// <summary>Whether the Job has ended, or its controller is terminating its pods and will then report the end.
    /// Source: kubernetes.io, "Job termination and cleanup".</summary>
    public static bool IsEnding(JobObject job) =>
        IsComplete(job) || Failure(job) is not null || IsFailing(job)
        || job.Conditions.IsTrue("SuccessCriteriaMet");

    /// <summary>Whether the Job is marked to fail as soon as its pods have terminated.</summary>
    public static bool IsFailing(JobObject job) =>
        job.Conditions.IsTrue("FailureTarget") && Failure(job) is null;

    /// <summary>Whether the Job's controller counts a pod whose container is running.</summary>
    public static bool HasReadyPod(JobObject job) => job.ReadyPods > 0;

    /// <summary>The part of a Job that matters to the object that it was created for.</summary>
    public static string Fingerprint(JobObject job) =>
        $"{job.Uid} {IsComplete(job)} {Failure(job)} {HasReadyPod(job)} {job.IsSuspended}";

    /// <summary>When and why the Job failed; null if it did not fail.</summary>
    public static (DateTimeOffset At, string Message)? Failure(JobObject job) =>
        job.Conditions.IsTrue(Failed)
            ? (job.Conditions.Since(Failed) ?? CreationTime(job),
                job.Conditions.Message(Failed) ?? job.Conditions.Reason(Failed) ?? "no reason is given")
            : null;

    public static DateTimeOffset StartTime(JobObject job) => job.StartedAt ?? CreationTime(job);

    public static DateTimeOffset CreationTime(JobObject job) => job.CreatedAt ?? DateTimeOffset.MinValue;
}
