using System.Text.Json.Nodes;
using EtcdBackupAgent.Testing.KubernetesApi.Pods;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>A MetadataRestore with <c>objects</c>: its Job restores objects of a backup of the cluster's own etcd, with
/// the rights of a user's service account and no others.</summary>
public sealed class RestoredObjectTests
{
    [Fact]
    public async Task Deleted_objects_come_back_and_nothing_else_is_written()
    {
        await using ObjectRestoreScene scene = await ObjectRestoreScene.StartAsync();
        ClusterScene cluster = scene.Cluster;
        await scene.GrantAsync();
        await cluster.Server.KubectlAsync("delete", "configmap/settings", "secret/password", "-n", "web");
        await cluster.Server.KubectlAsync("delete", "widget/first", "-n", "web");
        await cluster.Server.KubectlAsync("delete", "configmap/settings", "-n", "other");
        await cluster.Server.KubectlAsync(
            "patch", "configmap/kept", "-n", "web", "--type=merge", "-p", """{"data":{"color":"changed"}}""");

        // The sample as it is shipped makes a plan.
        await cluster.ApplyAsync(
            ObjectRestoreScene.Sample[^1].Replace("mbr-00000000", scene.Record, StringComparison.Ordinal));
        JsonNode planned = (await scene.UntilEndedAsync("restore-objects"))["status"]!;
        Assert.True((string?)planned["restoreStatus"] == "Completed", $"{planned}\n{cluster.Diagnostics()}");
        Assert.Equal((true, 3, 0), Counts(planned));
        Assert.Empty(scene.Writes);
        Assert.Equal("", await scene.DataAsync("web", "settings"));

        // The same without dryRun.
        JsonObject restored = await scene.RestoreAsync("back", "namespaces: [web]");
        JsonNode status = restored["status"]!;
        Assert.True((string?)status["restoreStatus"] == "Completed", $"{status}\n{cluster.Diagnostics()}");
        Assert.Equal((false, 3, 0), Counts(status));
        Assert.Equal((scene.Record[4..], 100), ((string?)status["snapshotId"], (int?)status["progressPercent"]));
        Assert.Equal("True", ClusterScene.Condition(restored, "Ready"));
        Assert.Equal(
            ["create web/configmaps", "create web/secrets", "create web/widgets"],
            scene.Writes.Select(write => $"{write.Verb} {write.Namespace}/{write.Resource}")
                .Order(StringComparer.Ordinal));
        Assert.Equal("""{"color":"blue"}""", await scene.DataAsync("web", "settings"));
        Assert.Equal("""{"color":"changed"}""", await scene.DataAsync("web", "kept"));
        Assert.Equal("", await scene.DataAsync("other", "settings"));
        Assert.Equal("3 red", await cluster.Server.KubectlAsync(
            "get", "widget", "first", "-n", "web", "-o", "jsonpath={.spec.size} {.spec.color}"));
        await cluster.UntilEventAsync("back", "RestoreSucceeded", "completed: 3 created, 0 updated, 0 replaced");
        PodRun pod = await scene.PodAsync("back");
        Assert.Equal(0, pod.ExitCode);
        Assert.Contains("configmaps/settings", pod.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("correct-horse", pod.Log, StringComparison.Ordinal);

        // A second one does nothing twice.
        JsonNode again = (await scene.RestoreAsync("again", "namespaces: [web]"))["status"]!;
        Assert.Equal((false, 0, 0), Counts(again));
        Assert.Equal(3, scene.Writes.Count);
        cluster.AssertNoRefusals();
    }

    [Fact]
    public async Task Objects_are_changed_by_a_ConfigMap_and_restored_into_another_namespace()
    {
        await using ObjectRestoreScene scene = await ObjectRestoreScene.StartAsync();
        ClusterScene cluster = scene.Cluster;
        await scene.GrantAsync();
        await cluster.GrantAsync("""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: maps, namespace: other}
            rules: [{apiGroups: [''], resources: [configmaps], verbs: [get, create, patch]}]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: maps, namespace: other}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: maps}
            subjects: [{kind: ServiceAccount, name: object-restore, namespace: kubedr-system}]
            """);
        await scene.CreateAsync(
            "copied",
            """
            resources: [cm/settings, cm/kept], namespaces: [web], mapNamespaces: {web: other}, existing: Update,
            patches: {name: changes, key: modifiers.yaml}
            """);

        // The pod waits for the ConfigMap.
        await cluster.UntilEventAsync("copied", "RestoreNotStarted", "configmap \"changes\" not found");
        await cluster.ApplyAsync("""
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: changes}
            data:
              modifiers.yaml: |
                version: v1
                resourceModifierRules:
                - conditions: {groupResource: configmaps, resourceNameRegex: kept}
                  mergePatches: [{patchData: '{"data":{"color":"violet"}}'}]
            """);
        JsonNode status = (await scene.UntilEndedAsync("copied"))["status"]!;

        Assert.True((string?)status["restoreStatus"] == "Completed", $"{status}\n{cluster.Diagnostics()}");
        Assert.Equal(
            (1, 1), ((int?)status["objects"]!["created"], (int?)status["objects"]!["updated"]));
        Assert.Equal("""{"color":"blue"}""", await scene.DataAsync("other", "settings"));
        Assert.Equal("""{"color":"violet"}""", await scene.DataAsync("other", "kept"));
        Assert.Equal("""{"color":"green"}""", await scene.DataAsync("web", "kept"));
        Assert.All(scene.Writes, write => Assert.Equal("other", write.Namespace));
        cluster.AssertNoRefusals();
    }

    [Fact]
    public async Task A_missing_account_and_missing_rights_are_reported()
    {
        await using ObjectRestoreScene scene = await ObjectRestoreScene.StartAsync();
        ClusterScene cluster = scene.Cluster;
        await cluster.Server.KubectlAsync("delete", "configmap/settings", "secret/password", "-n", "web");

        // The account does not exist.
        await scene.CreateAsync("early", "namespaces: [web]");
        JsonNode waiting = (await cluster.UntilAsync(
            "metadatarestores", "early", "waiting", item => ClusterScene.Condition(item, "PodStarted") == "False"))
            ["status"]!;
        Assert.Equal("Pending", (string?)waiting["restoreStatus"]);
        Assert.Contains(
            "serviceaccount \"object-restore\" not found",
            (string?)waiting["restoreErrorMessage"],
            StringComparison.Ordinal);
        await cluster.UntilEventAsync("early", "RestoreNotStarted", "kubedr-system/object-restore");

        // It exists, and may not even read the restore.
        await cluster.KubectlAsync("create", "serviceaccount", "object-restore");
        JsonNode denied = (await scene.UntilEndedAsync("early"))["status"]!;
        Assert.Equal("Failed", (string?)denied["restoreStatus"]);
        Assert.Contains(
            "User \"object-restore\" cannot get resource \"metadatarestores\"",
            (string?)denied["restoreErrorMessage"],
            StringComparison.Ordinal);
        Assert.Empty(scene.Writes);

        // It may restore config maps, and no Secrets.
        await scene.Cluster.GrantAsync(string.Join(
            "\n---\n",
            ObjectRestoreScene.Sample.SkipLast(1)
                .Select(text => text.Replace("secrets, ", "", StringComparison.Ordinal))));
        JsonObject partly = await scene.RestoreAsync("partly", "resources: [configmaps, secrets], namespaces: [web]");
        JsonNode status = partly["status"]!;
        string message = (string)status["restoreErrorMessage"]!;
        Assert.Equal("Failed", (string?)status["restoreStatus"]);
        Assert.Equal("False", ClusterScene.Condition(partly, "Ready"));
        Assert.Contains(
            "Service account object-restore lacks the right to get secrets in namespace web",
            message,
            StringComparison.Ordinal);
        Assert.Contains(
            "Grant the missing rights to service account object-restore", message, StringComparison.Ordinal);
        Assert.Equal((false, 1, 1), Counts(status));
        JsonNode failure = Assert.Single((JsonArray)status["objects"]!["failures"]!)!;
        Assert.Equal(
            ("secrets", "web", "password"),
            ((string?)failure["resource"], (string?)failure["namespace"], (string?)failure["name"]));
        Assert.Equal(
            "get secrets in namespace web", (string?)Assert.Single((JsonArray)status["objects"]!["missingRights"]!));
        await cluster.UntilEventAsync("partly", "RestorePartlyFailed", "lacks the right to get secrets");
        Assert.Equal("""{"color":"blue"}""", await scene.DataAsync("web", "settings"));

        // One pod, which is not tried again.
        Assert.Equal(11, (await scene.PodAsync("partly")).ExitCode);
        Assert.Equal(2, cluster.Pods.Ended.Count(pod => pod.Arguments[0] == "objects"));
        Assert.Null(cluster.Pods.Failure);
    }

    private static (bool? IsDryRun, int? Created, int? Failed) Counts(JsonNode status) => (
        (bool?)status["objects"]!["dryRun"],
        (int?)status["objects"]!["created"],
        (int?)status["objects"]!["failed"] + (int?)status["objects"]!["cannot"]);
}
