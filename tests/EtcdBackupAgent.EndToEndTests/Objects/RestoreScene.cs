using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Objects;

/// <summary>
/// Namespace <c>web</c> with 50 objects of 23 kinds among others in a real API server, a snapshot of its etcd, and a
/// proxy that records what the agent writes.
/// </summary>
internal sealed class RestoreScene : IAsyncDisposable
{
    /// <summary>The agent's identity: the proxy records the requests of this one.</summary>
    private const string User = "etcd-backup-agent-controller";

    /// <summary>The kinds in the namespace, with how many objects there are of each.</summary>
    public static readonly IReadOnlyDictionary<string, int> Kinds = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["configmaps"] = 4,
        ["secrets"] = 3,
        ["serviceaccounts"] = 2,
        ["services"] = 3,
        ["endpoints"] = 1,
        ["persistentvolumeclaims"] = 2,
        ["limitranges"] = 1,
        ["resourcequotas"] = 1,
        ["podtemplates"] = 2,
        ["pods"] = 2,
        ["replicationcontrollers"] = 2,
        ["deployments.apps"] = 4,
        ["daemonsets.apps"] = 2,
        ["statefulsets.apps"] = 2,
        ["replicasets.apps"] = 2,
        ["jobs.batch"] = 2,
        ["cronjobs.batch"] = 2,
        ["horizontalpodautoscalers.autoscaling"] = 2,
        ["ingresses.networking.k8s.io"] = 3,
        ["networkpolicies.networking.k8s.io"] = 2,
        ["poddisruptionbudgets.policy"] = 2,
        ["roles.rbac.authorization.k8s.io"] = 2,
        ["rolebindings.rbac.authorization.k8s.io"] = 2,
    };

    private const string Pod =
        "{serviceAccountName: account-0, containers: [{name: main, image: none, "
        + "envFrom: [{configMapRef: {name: map-0}}]}]}";

    private static readonly Dictionary<string, (string Kind, string ApiVersion, string Content)> Manifests =
        new(StringComparer.Ordinal)
        {
            ["configmaps"] = ("ConfigMap", "v1", "data: {color: blue}"),
            ["secrets"] = ("Secret", "v1", "stringData: {password: correct-horse}"),
            ["serviceaccounts"] = ("ServiceAccount", "v1", "automountServiceAccountToken: false"),
            ["services"] = ("Service", "v1", "spec: {selector: {app: shop}, ports: [{port: 80}]}"),
            ["endpoints"] = ("Endpoints", "v1", "subsets: [{addresses: [{ip: 192.0.2.1}], ports: [{port: 80}]}]"),
            ["persistentvolumeclaims"] = ("PersistentVolumeClaim", "v1",
                "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}"),
            ["limitranges"] = ("LimitRange", "v1", "spec: {limits: [{type: Pod, max: {cpu: 4}}]}"),
            ["resourcequotas"] = ("ResourceQuota", "v1", "spec: {hard: {pods: 100}}"),
            ["podtemplates"] = ("PodTemplate", "v1", "template: {spec: " + Pod + "}"),
            ["pods"] = ("Pod", "v1", "spec: " + Pod),
            ["replicationcontrollers"] = ("ReplicationController", "v1", "spec: {replicas: 1}"),
            ["deployments.apps"] = ("Deployment", "apps/v1",
                "spec: {selector: {matchLabels: {app: shop}}, template: {metadata: {labels: {app: shop}}, spec: "
                + Pod + "}}"),
            ["daemonsets.apps"] = ("DaemonSet", "apps/v1",
                "spec: {selector: {matchLabels: {app: d}}, template: {metadata: {labels: {app: d}}, spec: " + Pod
                + "}}"),
            ["statefulsets.apps"] = ("StatefulSet", "apps/v1",
                "spec: {serviceName: x, selector: {matchLabels: {app: s}}, template: {metadata: {labels: {app: s}}, "
                + "spec: " + Pod + "}, volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: "
                + "[ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}"),
            ["replicasets.apps"] = ("ReplicaSet", "apps/v1",
                "spec: {selector: {matchLabels: {app: r}}, template: {metadata: {labels: {app: r}}, spec: " + Pod
                + "}}"),
            ["jobs.batch"] = ("Job", "batch/v1", "spec: {suspend: true, template: {spec: " + Pod + "}}"),
            ["cronjobs.batch"] = ("CronJob", "batch/v1",
                "spec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: " + Pod + "}}}}"),
            ["horizontalpodautoscalers.autoscaling"] = ("HorizontalPodAutoscaler", "autoscaling/v2",
                "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}}"),
            ["ingresses.networking.k8s.io"] = ("Ingress", "networking.k8s.io/v1",
                "spec: {defaultBackend: {service: {name: shop, port: {number: 80}}}}"),
            ["networkpolicies.networking.k8s.io"] = ("NetworkPolicy", "networking.k8s.io/v1",
                "spec: {podSelector: {}, policyTypes: [Ingress]}"),
            ["poddisruptionbudgets.policy"] = ("PodDisruptionBudget", "policy/v1", "spec: {minAvailable: 1}"),
            ["roles.rbac.authorization.k8s.io"] = ("Role", "rbac.authorization.k8s.io/v1",
                "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]"),
            ["rolebindings.rbac.authorization.k8s.io"] = ("RoleBinding", "rbac.authorization.k8s.io/v1",
                "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: role-0}\n"
                + "subjects: [{kind: ServiceAccount, name: account-0, namespace: web}]"),
        };

    private readonly TestDirectory _directory = new();

    private RestoreScene(KubernetesApiServer server, RecordingProxy proxy)
    {
        Server = server;
        Proxy = proxy;
        Kubeconfig = _directory.Write(
            "kubeconfig", server.Kubeconfig($"token: {KubernetesApiServer.TokenOf(User)}", proxy.Url));
    }

    public KubernetesApiServer Server { get; }

    public RecordingProxy Proxy { get; }

    /// <summary>The kubeconfig file of the agent, which leads to the proxy.</summary>
    public string Kubeconfig { get; }

    /// <summary>The snapshot.</summary>
    public string File => _directory["etcd.db"];

    /// <summary>The writes that the agent sent, but for dry runs: the verb and the resource.</summary>
    public IReadOnlyList<ApiRequest> Writes =>
    [
        .. Proxy.Requests.Where(request => !request.IsDryRun && request.Verb is not ("get" or "list" or "watch")),
    ];

    /// <summary>A server without objects.</summary>
    public static async Task<RestoreScene> StartEmptyAsync()
    {
        KubernetesApiServer server = await KubernetesApiServer.StartAsync();
        return new RestoreScene(server, await RecordingProxy.StartAsync(server));
    }

    /// <summary>A server with the namespace, another one, and a snapshot of both.</summary>
    public static async Task<RestoreScene> StartAsync()
    {
        RestoreScene scene = await StartEmptyAsync();
        StringBuilder text = new("apiVersion: v1\nkind: Namespace\nmetadata: {name: web, labels: {team: shop}}\n");
        foreach ((string resource, int count) in Kinds)
        {
            (string kind, string apiVersion, string content) = Manifests[resource];
            for (int i = 0; i < count; i++)
            {
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"---\napiVersion: {apiVersion}\nkind: {kind}\nmetadata: {{name: {NameOf(kind)}-{i}, namespace: "
                    + $"web, labels: {{app: shop, number: n{i}}}}}\n{content}\n");
            }
        }

        text.Append(
            """
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: other}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: map-0, namespace: other}
            data: {color: green}
            """);
        await scene.Server.ApplyAsync(text.ToString(), "--validate=false");
        await scene.SaveAsync();
        return scene;
    }

    /// <summary>Makes the snapshot again.</summary>
    public Task SaveAsync() => Server.Etcd.EtcdctlAsync("snapshot", "save", File);

    /// <summary>Writes a file beside the snapshot.</summary>
    public string Write(string name, string text) => _directory.Write(name, text);

    /// <summary>Deletes a namespace with everything in it, as a cluster does.</summary>
    public async Task DeleteNamespaceAsync(string name)
    {
        await Server.KubectlAsync("delete", "namespace", name, "--wait=false");
        using ClusterObjects objects = new(Server);
        await new NamespaceDeletion(Server, objects).FinishAsync(name);
    }

    /// <summary>Runs <c>objects restore</c> of the snapshot.</summary>
    public Task<ToolResult> RestoreAsync(params string[] words) => RestoreFromAsync(File, words);

    /// <summary>Runs <c>objects restore</c> of another snapshot.</summary>
    public Task<ToolResult> RestoreFromAsync(string file, params string[] words) =>
        Agent.RunAsync(["objects", "restore", "--file", file, "--kubeconfig", Kubeconfig, .. words]);

    /// <summary>All objects of a namespace, by kind and name, without what a server fills in anew.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ContentAsync(string ns)
    {
        string kinds = string.Join(',', Kinds.Keys);
        JsonObject list = (JsonObject)JsonNode.Parse(
            await Server.KubectlAsync("get", kinds, "-n", ns, "-o", "json"))!;
        return ((JsonArray)list["items"]!).OfType<JsonObject>().ToDictionary(
            item => $"{item["kind"]}/{item["metadata"]!["name"]}", Strip, StringComparer.Ordinal);
    }

    /// <summary>The revision of the last change of each key in etcd, but for those that servers renew.</summary>
    public async Task<IReadOnlyDictionary<string, long>> RevisionsAsync()
    {
        string text = await Server.Etcd.EtcdctlAsync("get", "/registry", "--prefix", "--keys-only", "-w", "json");
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.GetProperty("kvs").EnumerateArray()
            .Select(kv => (
                Key: Encoding.UTF8.GetString(kv.GetProperty("key").GetBytesFromBase64()),
                Revision: kv.GetProperty("mod_revision").GetInt64()))
            .Where(kv => !kv.Key.Contains("lease", StringComparison.Ordinal))
            .ToDictionary(kv => kv.Key, kv => kv.Revision, StringComparer.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Server.DisposeAsync();
        _directory.Dispose();
    }

    private static string NameOf(string kind) => kind switch
    {
        "ConfigMap" => "map",
        "ServiceAccount" => "account",
        _ => kind.ToLowerInvariant(),
    };

    private static string Strip(JsonObject item)
    {
        JsonObject metadata = (JsonObject)item["metadata"]!;
        foreach (string name in new[] { "uid", "resourceVersion", "creationTimestamp", "generation", "namespace" })
        {
            metadata.Remove(name);
        }

        item.Remove("status");
        if (item["spec"] is JsonObject spec)
        {
            spec.Remove("clusterIP");
            spec.Remove("clusterIPs");

            // A cluster fills these in when it reads a template; this server does not (ReadRules: claim-template-kind).
            foreach (JsonObject template in (spec["volumeClaimTemplates"] as JsonArray ?? []).OfType<JsonObject>())
            {
                template.Remove("apiVersion");
                template.Remove("kind");
                template.Remove("status");
            }
        }

        return item.ToJsonString();
    }
}
