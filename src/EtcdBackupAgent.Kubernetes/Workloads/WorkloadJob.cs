using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Workloads;

/// <summary>Creates the Jobs, CronJobs and Deployments of the pods.</summary>
internal static class WorkloadJob
{
    /// <summary>How long a finished Job is kept for inspection.</summary>
    public const int SecondsToKeep = 86_400;

    /// <summary>How long a backup or a restore may take, including the wait for its image and its node. Without a
    /// limit, a pod that cannot start would block every later backup.</summary>
    public const int DeadlineSeconds = 21_600;

    /// <summary>The number of finished Jobs of a CronJob that are kept, for each outcome.</summary>
    private const int HistoryLimit = 3;

    /// <summary>Returns a Job that runs one pod once. Kubernetes does not retry a failed pod: the next backup is the
    /// retry.</summary>
    public static JsonObject Job(
        string ns, string name, JsonObject owner, JsonObject labels, JsonObject template) => new()
        {
            ["apiVersion"] = ClusterKinds.Job.ApiVersion,
            ["kind"] = ClusterKinds.Job.Kind,
            ["metadata"] = Metadata(ns, name, owner, labels),
            ["spec"] = Specification(template),
        };

    /// <summary>Returns the CronJob of a policy.</summary>
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

    /// <summary>
    /// Returns the Deployment that keeps one pod of a policy running. The old pod ends before the new one starts: the
    /// new one would only wait for the lease of the old one.
    /// </summary>
    public static DeploymentObject Deployment(
        string ns, PolicyObject policy, string name, JsonObject labels, JsonObject template) => new(new JsonObject
        {
            ["apiVersion"] = ClusterKinds.Deployment.ApiVersion,
            ["kind"] = ClusterKinds.Deployment.Kind,
            ["metadata"] = Metadata(ns, name, Owner(ClusterKinds.Policy, policy), labels),
            ["spec"] = new JsonObject
            {
                ["replicas"] = 1,
                ["revisionHistoryLimit"] = 1,
                ["strategy"] = new JsonObject { ["type"] = "Recreate" },
                ["selector"] = new JsonObject { ["matchLabels"] = labels.DeepClone() },
                ["template"] = template.DeepClone(),
            },
        });

    /// <summary>Returns the owner reference for objects that are created for an object: they are deleted with
    /// it.</summary>
    public static JsonObject Owner(ResourceKind kind, ClusterObject item) => new()
    {
        ["apiVersion"] = kind.ApiVersion,
        ["kind"] = kind.Kind,
        ["name"] = item.Name,
        ["uid"] = item.Uid,
        // Without blockOwnerDeletion: clusters that enforce the rights for it, such as OpenShift, require more rights
        // than the agent needs.
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

/// <summary>When a CronJob runs, in the format of a CronJob: five fields or a word.</summary>
internal sealed record CronJobTiming(string Schedule, string? TimeZone, bool Suspend);
