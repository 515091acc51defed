using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// A policy with <c>source: Objects</c> in a cluster: the tiers of <c>manifests/samples/tiers.yaml</c>.
/// </summary>
public sealed class ObjectPolicyTests
{
    [Fact]
    public async Task A_tier_backs_up_what_has_its_label_or_lies_in_a_namespace_that_has_it()
    {
        await using ClusterScene scene = await ClusterScene.StartAsync();
        scene.StartController();
        SceneBucket bucket = scene.NewBucket();
        await scene.CreateCredentialsAsync("backup-credentials");
        await scene.ApplyAsync(scene.Location("backups", bucket.Name, "backup-credentials"));
        await scene.Server.ApplyAsync("""
            apiVersion: v1
            kind: Namespace
            metadata: {name: shop, labels: {backup.kubrix.io/tier: critical}}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: inherits, namespace: shop}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: differs, namespace: shop, labels: {backup.kubrix.io/tier: archive}}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: labelled, namespace: default, labels: {backup.kubrix.io/tier: critical}}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: unlabelled, namespace: default}
            """);
        await scene.ApplyAsync(await File.ReadAllTextAsync(ClusterScene.Manifest("samples/tiers.yaml")));
        await scene.UntilReadyAsync("metadatabackuppolicies", "critical");

        await scene.GrantAsync(await File.ReadAllTextAsync(ClusterScene.Manifest("objects/rbac.yaml")));
        Func<ApiRequest, bool> granted = scene.Proxy.Grants!;
        scene.Proxy.Grants = request => granted(request)
            && (request.User != "etcd-backup-agent-objects" || request.Resource != "secrets");

        string id = await scene.BackUpAsync("critical");
        ToolResult names = await scene.RunWithoutClusterAsync(
            bucket, "objects", "list", id, "configmaps,namespaces", "-A", "-o", "name");
        Assert.Equal(
            ["configmap/inherits", "configmap/labelled", "namespace/default", "namespace/shop"],
            names.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        await scene.UntilEventAsync("critical", "ObjectsLeftOut", "secrets are left out: Cannot list secrets");
    }
}
