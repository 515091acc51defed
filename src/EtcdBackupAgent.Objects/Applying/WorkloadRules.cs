using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;

namespace EtcdBackupAgent.Objects.Applying;

/// <summary>What controllers fill in to workloads.</summary>
internal static class WorkloadRules
{
    private static readonly string[] RevisionAnnotations =
    [
        "deployment.kubernetes.io/revision", "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas",
    ];

    private static readonly string[] JobLabels =
    [
        "controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name",
    ];

    public static ApplicableRule[] All { get; } =
    [
        new("deployment-revision", "apps", "Deployment", RemoveRevision),
        new("deployment-revision", "apps", "ReplicaSet", RemoveRevision),
        new("daemonset-generation", "apps", "DaemonSet", set =>
            set.Inner("metadata")?.RemoveFrom("annotations", "deprecated.daemonset.template.generation")),
        new("claim-template-status", "apps", "StatefulSet", RemoveTemplateStatus),
        new("job-labels", "batch", "Job", RemoveJobLabels),
    ];

    private static void RemoveRevision(JsonObject workload) =>
        workload.Inner("metadata")?.RemoveFrom("annotations", RevisionAnnotations);

    private static void RemoveTemplateStatus(JsonObject set)
    {
        foreach (JsonObject template in (set.Inner("spec")?.Items("volumeClaimTemplates") ?? []).OfType<JsonObject>())
        {
            template.Remove("status");
        }
    }

    /// <summary>
    /// A job gets a selector by its uid. With <c>manualSelector</c> the selector is the user's, and stays.
    /// </summary>
    private static void RemoveJobLabels(JsonObject job)
    {
        job.Inner("metadata")?.RemoveFrom("annotations", "batch.kubernetes.io/job-tracking");
        if (job.Inner("spec") is not { } spec || spec.IsTrue("manualSelector"))
        {
            return;
        }

        job.Inner("metadata")?.RemoveFrom("labels", JobLabels);
        spec.Inner("template", "metadata")?.RemoveFrom("labels", JobLabels);
        spec.Inner("selector")?.RemoveFrom("matchLabels", JobLabels);
        if (spec.Inner("selector") is { Count: 0 })
        {
            spec.Remove("selector");
        }
    }
}
