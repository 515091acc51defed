using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Objects;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.KubernetesApi.Pods;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;

namespace EtcdBackupAgent.EndToEndTests.Kubernetes;

/// <summary>
/// A <see cref="ClusterScene"/> whose policy backs up the etcd of its own API server, a backup with the namespaces
/// <c>web</c> and <c>other</c>, and the roles of the shipped sample.
/// </summary>
internal sealed class ObjectRestoreScene : IAsyncDisposable
{
    private const string Content = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: web}
        data: {color: blue}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: kept, namespace: web}
        data: {color: green}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: password, namespace: web}
        stringData: {password: correct-horse}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: other}
        data: {color: red}
        """;

    private const string WidgetRole = """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: widgets, namespace: web}
        rules: [{apiGroups: [example.com], resources: [widgets], verbs: [get, create]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: widgets, namespace: web}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: widgets}
        subjects: [{kind: ServiceAccount, name: object-restore, namespace: kubedr-system}]
        """;

    private ObjectRestoreScene(ClusterScene cluster) => Cluster = cluster;

    public ClusterScene Cluster { get; }

    /// <summary>The record of the backup.</summary>
    public string Record { get; private set; } = "";

    /// <summary>The documents of the sample.</summary>
    public static IReadOnlyList<string> Sample { get; } =
        File.ReadAllText(ClusterScene.Manifest("samples/restore-objects.yaml")).Split("\n---\n");

    /// <summary>What the account of the sample wrote so far, but for dry runs, statuses and events.</summary>
    public IReadOnlyList<ApiRequest> Writes =>
    [
        .. Cluster.Proxy.Requests.Where(request =>
            request.User == KubernetesApiServer.ObjectRestoreAccount && !request.IsDryRun
            && request.Verb is not ("get" or "list" or "watch")
            && request.Resource is not ("metadatarestores/status" or "events" or "selfsubjectaccessreviews")),
    ];

    public static async Task<ObjectRestoreScene> StartAsync()
    {
        ObjectRestoreScene scene = new(await ClusterScene.StartAsync());
        ClusterScene cluster = scene.Cluster;
        cluster.StartController();
        await cluster.Server.KubectlAsync("create", "namespace", "web");
        await cluster.Server.KubectlAsync("create", "namespace", "other");
        await cluster.Server.ApplyAsync(WidgetManifests.Definition);
        await cluster.Server.UntilDefinitionsServedAsync();
        await cluster.Server.ApplyAsync($"{Content}\n---\n{WidgetManifests.First}");
        await cluster.CreatePolicyAsync(
            "cluster", spec => spec["etcdEndpoint"] = cluster.Server.Etcd.EndpointList);
        scene.Record = $"mbr-{await cluster.BackUpAsync("cluster")}";
        return scene;
    }

    /// <summary>Grants what the sample grants, and widgets.</summary>
    public Task GrantAsync() => Cluster.GrantAsync(string.Join("\n---\n", [.. Sample.SkipLast(1), WidgetRole]));

    /// <summary>Creates a MetadataRestore of the backup with these fields of <c>objects</c>, and waits for its
    /// end.</summary>
    public async Task<JsonObject> RestoreAsync(string name, string objects)
    {
        await CreateAsync(name, objects);
        return await UntilEndedAsync(name);
    }

    /// <summary>Creates a MetadataRestore of the backup with these fields of <c>objects</c>.</summary>
    public Task CreateAsync(string name, string objects) => Cluster.ApplyAsync($$"""
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: MetadataRestore
        metadata: {name: {{name}}}
        spec: {mbrName: {{Record}}, objects: {serviceAccountName: object-restore, {{objects}} } }
        """);

    /// <summary>Waits for the end of a restore and of its pod.</summary>
    public async Task<JsonObject> UntilEndedAsync(string name)
    {
        JsonObject restore = await Cluster.UntilAsync(
            "metadatarestores",
            name,
            "ended",
            item => (string?)item["status"]?["restoreStatus"] is "Completed" or "Failed");
        await PodAsync(name);
        return restore;
    }

    /// <summary>The pod of a restore.</summary>
    public async Task<PodRun> PodAsync(string name)
    {
        JsonObject job = (await Cluster.ListAsync("jobs")).Single(item =>
            (string?)item["metadata"]!["ownerReferences"]![0]!["name"] == name);
        return await Cluster.UntilEndedAsync((string)job["metadata"]!["name"]!);
    }

    /// <summary>The data of a config map; empty if it does not exist.</summary>
    public Task<string> DataAsync(string ns, string name) => Cluster.Server.KubectlAsync(
        "get", "configmap", name, "-n", ns, "--ignore-not-found", "-o", "jsonpath={.data}");

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();
}
