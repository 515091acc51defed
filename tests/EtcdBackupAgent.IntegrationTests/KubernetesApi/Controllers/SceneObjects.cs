using System.Globalization;
using System.Text.Json.Nodes;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Workloads;
using EtcdBackupAgent.Testing;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>How tests of controllers change and read the objects of a scene.</summary>
internal static class SceneObjects
{
    private static readonly CancellationToken None = CancellationToken.None;

    public static Task<JsonObject?> FindAsync(this ClusterScene scene, ResourceKind kind, string name) =>
        scene.Client.FindAsync(kind, scene.Namespace, name, None);

    public static Task<JsonObject> GetAsync(this ClusterScene scene, ResourceKind kind, string name) =>
        scene.Client.GetAsync(kind, scene.Namespace, name, None);

    public static Task DeleteAsync(this ClusterScene scene, ResourceKind kind, string name) =>
        scene.Client.DeleteAsync(kind, scene.Namespace, name, new DeletePrecondition(), None);

    /// <summary>Merges JSON into an object, or into its status.</summary>
    public static Task<JsonObject> PatchAsync(
        this ClusterScene scene,
        ResourceKind kind,
        string name,
        string patch,
        string? subresource = null) =>
        scene.Client.MergePatchAsync(
            kind,
            scene.Namespace,
            name,
            subresource,
            (JsonObject)JsonNode.Parse(patch)!,
            None);

    /// <summary>Creates a Secret for a location with a passphrase.</summary>
    public static Task<JsonObject> CreateSecretAsync(this ClusterScene scene, string name, string passphrase) =>
        scene.Client.CreateAsync(
            ClusterKinds.Secret,
            scene.Namespace,
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Secret",
                ["metadata"] = new JsonObject { ["name"] = name },
                ["data"] = new JsonObject
                {
                    ["restic_repo_password"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(passphrase)),
                },
            },
            None);

    public static async Task<IReadOnlyList<JsonObject>> JobsAsync(this ClusterScene scene) =>
        (await scene.Client.ListAsync(ClusterKinds.Job, scene.Namespace, ResourceSelection.All, None)).Items;

    /// <summary>Creates a Job as a policy's CronJob does.</summary>
    public static Task<JsonObject> CreateJobAsync(this ClusterScene scene, string policy, string name)
    {
        JsonObject pod = new()
        {
            ["containers"] = new JsonArray(new JsonObject { ["name"] = "backup", ["image"] = "agent:test" }),
        };
        JsonObject job = new()
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = BackupPod.Labels(policy) },
            ["spec"] = new JsonObject { ["template"] = new JsonObject { ["spec"] = pod } },
        };
        return scene.Client.CreateAsync(ClusterKinds.Job, scene.Namespace, job, None);
    }

    /// <summary>Creates an event about a pod or a Job, as kubelet and the Job's controller do.</summary>
    public static async Task WarnAsync(
        this ClusterScene scene, ResourceKind kind, string name, string reason, string message)
    {
        JsonObject about = await scene.GetAsync(kind, name);
        await scene.Client.CreateAsync(
            ClusterKinds.Event,
            scene.Namespace,
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Event",
                ["metadata"] = new JsonObject { ["name"] = $"{name}.{EventRecorder.NewKey()}" },
                ["involvedObject"] = new JsonObject
                {
                    ["apiVersion"] = kind.ApiVersion,
                    ["kind"] = kind.Kind,
                    ["namespace"] = scene.Namespace,
                    ["name"] = name,
                    ["uid"] = ObjectMetadata.Uid(about),
                },
                ["type"] = "Warning",
                ["reason"] = reason,
                ["message"] = message,
                ["lastTimestamp"] = Now(),
                ["count"] = 1,
            },
            None);
    }

    /// <summary>Ends a Job: writes the status that the Job's controller would write.</summary>
    public static Task<JsonObject> EndAsync(this ClusterScene scene, string job, bool isSuccess) => scene.PatchAsync(
        ClusterKinds.Job,
        job,
        $$$"""
        {"status":{"startTime":"{{{Now()}}}","conditions":[{"type":"{{{(isSuccess ? "Complete" : "Failed")}}}","status":"True",
        "reason":"{{{(isSuccess ? "CompletionsReached" : "BackoffLimitExceeded")}}}",
        "message":"{{{(isSuccess ? "Reached expected number of succeeded pods" : "Job has reached the specified backoff limit")}}}",
        "lastProbeTime":"{{{Now()}}}","lastTransitionTime":"{{{Now()}}}"}]}}
        """,
        "status");

    /// <summary>Creates the pod of a Job with a status.</summary>
    public static async Task CreatePodAsync(this ClusterScene scene, string job, string status)
    {
        await scene.Client.CreateAsync(
            ClusterKinds.Pod,
            scene.Namespace,
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["metadata"] = new JsonObject
                {
                    ["name"] = $"{job}-x7k2p",
                    ["labels"] = new JsonObject { ["job-name"] = job },
                },
                ["spec"] = new JsonObject
                {
                    ["containers"] = new JsonArray(new JsonObject { ["name"] = "backup", ["image"] = "agent:test" }),
                },
            },
            None);
        await scene.PatchAsync(ClusterKinds.Pod, $"{job}-x7k2p", $$"""{"status":{{status}}}""", "status");
    }

    /// <summary>Status and reason of a condition: <c>True Scheduled</c>; empty if it is absent.</summary>
    public static string Condition(JsonObject item, string type) => (item["status"]?["conditions"] as JsonArray ?? [])
        .Where(condition => (string?)condition!["type"] == type)
        .Select(condition => $"{condition!["status"]} {condition["reason"]}")
        .SingleOrDefault("");

    public static async Task<string> ReadyAsync(this ClusterScene scene, ResourceKind kind, string name) =>
        Condition(await scene.GetAsync(kind, name), "Ready");

    /// <summary>Waits until an object exists and meets a condition.</summary>
    public static Task UntilAsync(
        this ClusterScene scene, ResourceKind kind, string name, string what, Func<JsonObject, bool> condition) =>
        TestDeadline.UntilAsync(
            $"{kind.Kind} {name} to be {what}",
            async () => await scene.FindAsync(kind, name) is { } item && condition(item));

    private static string Now() =>
        TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
