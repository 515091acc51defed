using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>What is exported from a snapshot is applied by stock kubectl to another API server, and is the same there.
/// </summary>
public sealed class ExportTests : IAsyncLifetime, IDisposable
{
    private const string Definition = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.example.com}
        spec:
          group: example.com
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget}
          versions:
          - name: v1
            served: true
            storage: true
            subresources: {status: {}}
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec: {type: object, properties: {size: {type: integer, default: 3}}}
                  status: {type: object, x-kubernetes-preserve-unknown-fields: true}
        """;

    private const string Manifests = """
        apiVersion: v1
        kind: Namespace
        metadata: {name: web, labels: {team: shop}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, namespace: web, annotations: {note: "a: b"}}
        data:
          yes: "yes"
          number: "0123"
          lines: "one\ntwo\n"
          unicode: "grün – 漢字"
        binaryData: {bytes: AAEC/w==}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: password, namespace: web}
        stringData: {password: correct-horse}
        ---
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: shop, namespace: web}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop, namespace: web, annotations: {deployment.kubernetes.io/revision: "3"}}
        spec:
          replicas: 2
          selector: {matchLabels: {app: shop}}
          template:
            metadata: {labels: {app: shop}}
            spec:
              containers:
              - name: shop
                image: "shop:1"
                resources: {limits: {cpu: 500m}}
                ports: [{containerPort: 80, protocol: TCP}]
        ---
        apiVersion: batch/v1
        kind: CronJob
        metadata: {name: nightly, namespace: web}
        spec:
          schedule: "0 3 * * *"
          jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "a:1"}]}}}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data, namespace: web, annotations: {pv.kubernetes.io/bind-completed: "yes"}}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: alone, namespace: web}
        spec: {nodeName: node-1, containers: [{name: a, image: "a:1"}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: shop-1
          namespace: web
          ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: shop-1, uid: 5a1f}]
        spec: {containers: [{name: a, image: "a:1"}]}
        ---
        apiVersion: coordination.k8s.io/v1
        kind: Lease
        metadata: {name: leader, namespace: web}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: kube-root-ca.crt, namespace: web}
        ---
        apiVersion: example.com/v1
        kind: Widget
        metadata: {name: first, namespace: web}
        spec: {}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: elsewhere, namespace: default}
        data: {k: v}
        """;

    private static readonly string[] Compared =
    [
        "configmaps/settings", "secrets/password", "serviceaccounts/shop", "deployments/shop", "cronjobs/nightly",
        "persistentvolumeclaims/data", "pods/alone", "widgets/first",
    ];

    private readonly TestDirectory _directory = new();
    private KubernetesApiServer _server = null!;

    public async Task InitializeAsync()
    {
        _server = await KubernetesApiServer.StartAsync();
        await _server.ApplyAsync(Definition);
        await _server.UntilDefinitionsServedAsync();
        await _server.ApplyAsync(Manifests);

        foreach (string name in new[] { "one", "two" })
        {
            await _server.Etcd.EtcdctlAsync("put", $"/registry/strange/{name}", "of no known form");
        }

        await _server.Etcd.EtcdctlAsync("snapshot", "save", _directory["etcd.db"]);
    }

    public async Task DisposeAsync() => await _server.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_namespace_is_applied_by_kubectl_to_another_server_and_is_the_same_there()
    {
        ToolResult export = await ExportAsync("-n", "web", "--to", _directory["web"], "-o", "json");
        ToolResult definitions = await ExportAsync("crd", "--to", _directory["definitions"]);
        Assert.Equal(0, definitions.ExitCode);
        await using KubernetesApiServer other = await KubernetesApiServer.StartAsync();
        await other.KubectlAsync("apply", "-R", "-f", _directory["definitions"]);
        await other.UntilDefinitionsServedAsync();

        await other.KubectlAsync("apply", "-R", "-f", _directory["web"]);

        foreach (string name in Compared)
        {
            JsonObject expected = Comparable(await _server.KubectlAsync("get", name, "-n", "web", "-o", "json"));
            JsonObject actual = Comparable(await other.KubectlAsync("get", name, "-n", "web", "-o", "json"));
            Assert.True(JsonNode.DeepEquals(expected, actual), $"{expected}\n{actual}");
        }

        Assert.Equal(
            "shop", await other.KubectlAsync("get", "namespace", "web", "-o", "jsonpath={.metadata.labels.team}"));
        Assert.Equal("pod/alone\n", await other.KubectlAsync("get", "leases,pods", "-n", "web", "-o", "name"));
        JsonNode summary = JsonNode.Parse(export.StandardOutput)!;
        Assert.Equal((12, 9, 1), ((int)summary["objects"]!, (int)summary["files"]!, (int)summary["secrets"]!));
        Assert.Equal(
            [
                "1 certificate authorities of the cluster", "1 pods that have an owner",
                "1 records of nodes and running components",
            ],
            summary["omitted"]!.AsArray().Select(one => $"{one!["objects"]} {one["reason"]}"));
        Assert.Contains("1 Secrets are written with their values", export.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_whole_cluster_is_a_tree_in_which_definitions_and_namespaces_come_first()
    {
        ToolResult export = await ExportAsync("--to", _directory["all"], "--without-secrets");

        Assert.Equal(
            "warning: 2 keys below a prefix of an API server are of no known form, and are not written.\n",
            export.StandardError);
        Assert.Contains($"files are written to {_directory["all"]}.", export.Output, StringComparison.Ordinal);
        string[] files = [.. Directory.GetFiles(_directory["all"], "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(_directory["all"], file))
            .Order(StringComparer.Ordinal)];
        Assert.Equal(
            "cluster/1-customresourcedefinitions.apiextensions.k8s.io/widgets.example.com.yaml", files[0]);
        Assert.Equal("cluster/2-namespaces/default.yaml", files[1]);
        Assert.Contains("namespaces/default/configmaps/elsewhere.yaml", files);
        Assert.DoesNotContain(files, file => file.Contains("secrets", StringComparison.Ordinal));
        await using KubernetesApiServer other = await KubernetesApiServer.StartAsync();
        string definitions = Path.Combine(_directory["all"], Path.GetDirectoryName(files[0])!);
        await other.KubectlAsync("apply", "-R", "-f", definitions);
        await other.UntilDefinitionsServedAsync();

        await other.KubectlAsync("apply", "-R", "-f", _directory["all"]);

        Assert.Equal("3", await other.KubectlAsync("get", "widget/first", "-n", "web", "-o", "jsonpath={.spec.size}"));
    }

    [Fact]
    public async Task A_kind_that_is_named_is_exported_and_the_stored_form_is_what_get_prints()
    {
        ToolResult leases = await ExportAsync("leases", "--to", _directory["leases"]);
        ToolResult raw = await ExportAsync("-n", "web", "--raw", "--to", _directory["raw"], "-o", "json");
        string expected = (await Agent.RunAsync(
            ["objects", "get", "--file", _directory["etcd.db"], "pod/shop-1", "-n", "web", "--raw"])).Output;

        Assert.Equal(0, leases.ExitCode);
        Assert.True(File.Exists(_directory["leases/namespaces/web/leases.coordination.k8s.io/leader.yaml"]));
        Assert.Equal(expected, await File.ReadAllTextAsync(_directory["raw/namespaces/web/pods/shop-1.yaml"]));
        Assert.Empty(JsonNode.Parse(raw.StandardOutput)!["omitted"]!.AsArray());
    }

    [Fact]
    public async Task Mistakes_are_refused_and_leave_nothing_behind()
    {
        ToolResult notEmpty = await ExportAsync("--to", _directory.Path);
        ToolResult missing = await ExportAsync("-n", "nowhere", "--to", _directory["nowhere"]);

        Assert.Equal(7, notEmpty.ExitCode);
        Assert.Contains("is not empty", notEmpty.StandardError, StringComparison.Ordinal);
        Assert.Equal(5, missing.ExitCode);
        Assert.Contains("namespaces 'nowhere' not found", missing.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_directory["nowhere"]));
    }

    private Task<ToolResult> ExportAsync(params string[] words) =>
        Agent.RunAsync(["objects", "export", "--file", _directory["etcd.db"], .. words]);

    /// <summary>An object without what two servers never have in common, and without what was left out on purpose.
    /// </summary>
    private static JsonObject Comparable(string json)
    {
        JsonObject item = (JsonObject)JsonNode.Parse(json)!;
        JsonObject metadata = (JsonObject)item["metadata"]!;
        foreach (string field in new[] { "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields" })
        {
            metadata.Remove(field);
        }

        if (metadata["annotations"] is JsonObject annotations)
        {
            annotations.Remove("kubectl.kubernetes.io/last-applied-configuration");
            annotations.Remove("deployment.kubernetes.io/revision");
            annotations.Remove("pv.kubernetes.io/bind-completed");
            if (annotations.Count == 0)
            {
                metadata.Remove("annotations");
            }
        }

        item.Remove("status");
        (item["spec"] as JsonObject)?.Remove("nodeName");
        return item;
    }
}
