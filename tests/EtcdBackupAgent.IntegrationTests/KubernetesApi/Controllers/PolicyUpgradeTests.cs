using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Workloads;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>
/// A backup before each change of a field, with running controllers on a real API server. The object is a ConfigMap
/// like that of kubeadm, or a custom resource.
/// </summary>
[Collection(ClusterTests.Name)]
public sealed class PolicyUpgradeTests(ClusterFixture fixture)
    : ControllerTests(fixture, "schedule: '0 * * * *', suspend: true")
{
    private const string Kubeadm = "apiVersion: v1, kind: ConfigMap, name: kubeadm-config, "
        + "field: .data.ClusterConfiguration, inner: .kubernetesVersion";

    [Fact]
    public async Task A_change_makes_one_Job_with_the_state_before_although_the_schedule_is_suspended()
    {
        await WriteVersionAsync("v1.36.4");
        await using RunningControllers running = Controllers.Start();
        await WatchAsync(Kubeadm);
        JsonObject watched = await UntilAsync("the first value", item => Value(item) == "v1.36.4");
        Assert.Equal("True Watching", SceneObjects.Condition(watched, "UpgradeWatched"));
        Assert.Empty(await Scene.JobsAsync());

        // Another field, and the same value again, are no change.
        await WriteVersionAsync("v1.36.4", "more: a");
        long version = await WriteVersionAsync("v1.37.0");

        await UntilAsync("the new value", item => Value(item) == "v1.37.0" && Pending(item) == 0);
        JsonObject job = Assert.Single(await Scene.JobsAsync());
        Assert.Equal(
            [
                "--name-suffix", "v1.36.4", "--label", "kubedr.catalogicsoftware.com/before-upgrade=v1.36.4",
                "--restore-point", $"{version - 1}",
            ],
            Arguments(job)[^6..]);
        Assert.Equal(
            "before ConfigMap kubeadm-config .data.ClusterConfiguration.kubernetesVersion went from v1.36.4 to v1.37.0",
            Note(job));
        Assert.Contains(
            await Scene.EventsAsync(),
            item => item.StartsWith("Normal BeforeUpgrade: A backup is made before ConfigMap", StringComparison.Ordinal)
                && item.EndsWith($"its restore point is revision {version - 1}.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Changes_in_quick_succession_make_one_Job_each()
    {
        await WriteVersionAsync("v1");
        await using RunningControllers running = Controllers.Start();
        await WatchAsync(Kubeadm);
        await UntilAsync("the first value", item => Value(item) == "v1");

        long[] versions = [await WriteVersionAsync("v2"), await WriteVersionAsync("v3"), await WriteVersionAsync("v1")];

        await UntilAsync("three Jobs", async item =>
            Value(item) == "v1" && Pending(item) == 0 && (await Scene.JobsAsync()).Count == 3);
        Assert.Equal(
            new[] { "v1", "v2", "v3" }.Zip(versions, (value, version) => $"{value} {version - 1}"),
            (await Scene.JobsAsync()).Select(job => $"{Arguments(job)[^5]} {Arguments(job)[^1]}")
                .Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_change_while_no_controller_ran_is_found_and_is_called_late()
    {
        await WriteVersionAsync("v1");
        await using (Controllers.Start())
        {
            await WatchAsync(Kubeadm);
            await UntilAsync("the first value", item => Value(item) == "v1");
        }

        await WriteVersionAsync("v2");
        long last = await WriteVersionAsync("v2", "more: b");
        await using RunningControllers next = new SceneControllers(Scene).Start();

        await UntilAsync("the new value", item => Value(item) == "v2" && Pending(item) == 0);
        JsonObject job = Assert.Single(await Scene.JobsAsync());
        Assert.Equal(["--restore-point", $"{last - 1}"], Arguments(job)[^2..]);
        Assert.EndsWith(
            "went from v1 to v2 (seen late: the restore point is that before the last write of the object)", Note(job));
    }

    [Fact]
    public async Task A_change_is_kept_until_the_location_is_ready()
    {
        await WriteVersionAsync("v1");
        await using RunningControllers running = Controllers.Start();
        await WatchAsync(Kubeadm);
        await UntilAsync("the first value", item => Value(item) == "v1");
        Controllers.IsStoreUnreachable = true;
        await Controllers.ReconcileAsync(Controllers.Location, ClusterScene.Location);

        await WriteVersionAsync("v2");
        await UntilAsync("the waiting change", item => Value(item) == "v2" && Pending(item) == 1);
        Assert.Empty(await Scene.JobsAsync());

        Controllers.IsStoreUnreachable = false;
        await Controllers.ReconcileAsync(Controllers.Location, ClusterScene.Location);
        await UntilAsync("no waiting change", item => Pending(item) == 0);
        Assert.Single(await Scene.JobsAsync());
    }

    [Fact]
    public async Task What_prevents_watching_is_reported_and_mended()
    {
        await using RunningControllers running = Controllers.Start();
        await WatchAsync(Kubeadm);
        JsonObject missing = await UntilConditionAsync("False ObjectMissing");
        Assert.Contains(
            $"ConfigMap kubeadm-config does not exist in namespace {Scene.Namespace}",
            new PolicyObject(missing).Status.Conditions.Message("UpgradeWatched"),
            StringComparison.Ordinal);
        Assert.Contains(
            await Scene.EventsAsync(), item => item.StartsWith("Warning ObjectMissing: ", StringComparison.Ordinal));

        await WriteAsync("other: field");
        await UntilConditionAsync("False FieldUnreadable");
        await WriteVersionAsync("v1");
        await UntilConditionAsync("True Watching");

        // An object that comes back with another value has changed.
        await Scene.DeleteAsync(new ResourceKind("", "v1", "configmaps"), "kubeadm-config");
        await UntilConditionAsync("False ObjectMissing");
        Assert.Empty(await Scene.JobsAsync());
        await WriteVersionAsync("v2");
        await UntilAsync("the new value", item => Value(item) == "v2" && Pending(item) == 0);
        Assert.Single(await Scene.JobsAsync());

        // Another field begins anew, and none removes what is known.
        await WatchAsync("apiVersion: example.com/v1, kind: None, name: a, field: .spec.b");
        await UntilConditionAsync("False KindNotServed");
        await Scene.PatchAsync(ClusterKinds.Policy, ClusterScene.Policy, """{"spec":{"beforeUpgrade":null}}""");
        await UntilAsync("no watch", item =>
            item["status"]!["beforeUpgrade"] is null && SceneObjects.Condition(item, "UpgradeWatched").Length == 0);
        Assert.Single(await Scene.JobsAsync());
    }

    [Fact]
    public async Task A_missing_right_is_named_and_the_watch_begins_when_it_is_granted()
    {
        await WriteVersionAsync("v1");
        bool isGranted = false;
        Func<ApiRequest, bool>? before = Scene.Proxy.Grants;
        Scene.Proxy.Grants = request => (before?.Invoke(request) ?? true)
            && (isGranted || request.Resource != "configmaps" || request.Namespace != Scene.Namespace);
        try
        {
            await using RunningControllers running = Controllers.Start();
            await WatchAsync(Kubeadm);
            JsonObject denied = await UntilConditionAsync("False Forbidden");
            Assert.EndsWith(
                $"Grant it get, list and watch on configmaps named kubeadm-config in namespace {Scene.Namespace}.",
                new PolicyObject(denied).Status.Conditions.Message("UpgradeWatched"),
                StringComparison.Ordinal);

            isGranted = true;
            await UntilConditionAsync("True Watching");
        }
        finally
        {
            Scene.Proxy.Grants = before;
        }
    }

    [Fact]
    public async Task A_worker_that_is_busy_is_asked_again_until_it_makes_the_backup()
    {
        SceneControllers inProcess = new(Scene, isInProcess: true);
        await WriteVersionAsync("v1");
        await using RunningControllers running = inProcess.Start();
        await WatchAsync(Kubeadm);
        await UntilAsync("the first value", item => Value(item) == "v1");
        inProcess.IsPolicyKnownToWorker = false;

        long version = await WriteVersionAsync("v2");
        await TestDeadline.UntilAsync(
            "the worker to be asked twice", () => Task.FromResult(inProcess.RequestedNow.Count >= 2));
        Assert.Equal(1, Pending(await Scene.PolicyAsync()));
        inProcess.IsPolicyKnownToWorker = true;

        await UntilAsync("no waiting change", item => Pending(item) == 0);
        Assert.Empty(await Scene.JobsAsync());
        BackupOccasion occasion = inProcess.Occasions[^1];
        Assert.Equal((version - 1, "v1"), (occasion.RestorePoint, occasion.NameSuffix));
    }

    private static string? Value(JsonObject policy) => new PolicyObject(policy).Status.BeforeUpgrade?.Value;

    private static int Pending(JsonObject policy) => new PolicyObject(policy).Status.BeforeUpgrade?.Pending.Count ?? -1;

    private static string[] Arguments(JsonObject job) =>
        [.. Container(job)["args"]!.AsArray().Select(argument => (string)argument!)];

    private static string? Note(JsonObject job) => (string?)Container(job)["env"]!.AsArray()
        .Single(variable => (string?)variable!["name"] == BackupPod.NoteVariable)!["value"];

    private static JsonNode Container(JsonObject job) => job["spec"]!["template"]!["spec"]!["containers"]![0]!;

    private Task WatchAsync(string watch) => Scene.ApplyAsync(
        "MetadataBackupPolicy",
        ClusterScene.Policy,
        $"destination: {ClusterScene.Location}, etcdEndpoint: http://127.0.0.1:2379, schedule: '0 * * * *', "
        + $"suspend: true, beforeUpgrade: {{watch: {{{watch}}}}}");

    /// <summary>Writes a version into the ConfigMap, and returns the version of the object.</summary>
    private async Task<long> WriteVersionAsync(string version, string more = "")
    {
        await WriteAsync($"kubernetesVersion: {version}\n{more}");
        string written = await Scene.Server.KubectlAsync(
            "get", "configmap", "kubeadm-config", "-n", Scene.Namespace, "-o", "jsonpath={.metadata.resourceVersion}");
        return long.Parse(written, System.Globalization.CultureInfo.InvariantCulture);
    }

    private Task WriteAsync(string configuration) => Scene.Server.ApplyAsync(new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = "kubeadm-config", ["namespace"] = Scene.Namespace },
        ["data"] = new JsonObject { ["ClusterConfiguration"] = configuration },
    }.ToJsonString());

    private Task<JsonObject> UntilConditionAsync(string condition) =>
        UntilAsync(condition, item => SceneObjects.Condition(item, "UpgradeWatched") == condition);

    private Task<JsonObject> UntilAsync(string what, Func<JsonObject, bool> isSo) =>
        UntilAsync(what, item => Task.FromResult(isSo(item)));

    private async Task<JsonObject> UntilAsync(string what, Func<JsonObject, Task<bool>> isSo)
    {
        JsonObject? found = null;
        try
        {
            await TestDeadline.UntilAsync(what, async () => await isSo(found = await Scene.PolicyAsync()));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{found}\n{string.Join('\n', Controllers.Log.All)}", e);
        }

        return found!;
    }
}
