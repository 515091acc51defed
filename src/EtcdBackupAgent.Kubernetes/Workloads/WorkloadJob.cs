using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>Jobs and CronJobs around the pods.</summary>
internal static class WorkloadJob
{
    /// <summary>How long a finished Job is kept, to be looked at.</summary>
    public const int SecondsToKeep = 86_400;

    /// <summary>How long a backup or a restore may take, waiting for its image and its node included. Without an end, a pod
    /// that cannot start would keep every later backup from being made.</summary>
    public const int DeadlineSeconds = 21_600;

    /// <summary>Finished Jobs of a CronJob that are kept, of each outcome.</summary>
    private const int HistoryLimit = 3;

    /// <summary>A Job that runs one pod once. What failed is not tried again by Kubernetes: the next backup is.</summary>
    public static JsonObject Job(
        string ns, string name, JsonObject owner, JsonObject labels, JsonObject template) => new()
    {
        ["apiVersion"] = ClusterKinds.Job.ApiVersion,
        ["kind"] = ClusterKinds.Job.Kind,
        ["metadata"] = Metadata(ns, name, owner, labels),
        ["spec"] = Specification(template),
    };

    /// <summary>The CronJob of a policy.</summary>
    public static CronJobObject CronJob(
        string ns, PolicyObject policy, CronJobTiming timing, JsonObject labels, JsonObject template)
    {
        JsonObject specification = new()
        {
            ["schedule"] = timing.Schedule,
            ["suspend"] = timing.Suspend,
            ["concurrencyPolicy"] = "Forbid",
            ["successfulJobsHistoryLimit"] = HistoryLimit,
            ["failedJobsHistoryLimit"] = HistoryLimit,
            ["jobTemplate"] = new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = labels.DeepClone() },
                ["spec"] = Specification(template),
            },
        };
        if (timing.TimeZone is { } zone)
        {
            specification.Add("timeZone", zone);
        }

        JsonObject owner = Owner(ClusterKinds.Policy, policy);
        return new CronJobObject(new JsonObject
        {
            ["apiVersion"] = ClusterKinds.CronJob.ApiVersion,
            ["kind"] = ClusterKinds.CronJob.Kind,
            ["metadata"] = Metadata(ns, ClusterNames.CronJobOf(policy.Name), owner, labels),
            ["spec"] = specification,
        });
    }

    /// <summary>Who owns what is made for an object: it goes when the object goes.</summary>
    public static JsonObject Owner(ResourceKind kind, ClusterObject item) => new()
    {
        ["apiVersion"] = kind.ApiVersion,
        ["kind"] = kind.Kind,
        ["name"] = item.Name,
        ["uid"] = item.Uid,
        // Without blockOwnerDeletion: clusters that hold to the rights for it, as OpenShift does, want more of them than this needs.
        ["controller"] = true,
    };

    private static JsonObject Metadata(string ns, string name, JsonObject owner, JsonObject labels) => new()
    {
        ["name"] = name,
        ["namespace"] = ns,
        ["labels"] = labels.DeepClone(),
        ["ownerReferences"] = new JsonArray(owner.DeepClone()),
    };

    private static JsonObject Specification(JsonObject template) => new()
    {
        ["backoffLimit"] = 0,
        ["activeDeadlineSeconds"] = DeadlineSeconds,
        ["ttlSecondsAfterFinished"] = SecondsToKeep,
        ["template"] = template.DeepClone(),
    };
}

/// <summary>When a CronJob runs: five fields or a word, in the words of a CronJob.</summary>
internal sealed record CronJobTiming(string Schedule, string? TimeZone, bool Suspend);
