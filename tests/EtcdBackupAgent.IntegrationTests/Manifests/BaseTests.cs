using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>The objects that <c>kubectl apply -k manifests/base</c> creates in a cluster.</summary>
public sealed class BaseTests
{
    private const string Image = "registry.example.com/etcd-backup-agent";

    [Fact]
    public async Task The_base_contains_only_the_objects_that_the_agent_needs()
    {
        IReadOnlyList<JsonObject> objects = await ManifestFiles.KustomizeAsync("base");

        string[] found =
        [
            .. objects
                .Select(item => $"{item["kind"]} {ManifestFiles.At(item, "metadata", "name")}")
                .Order(StringComparer.Ordinal),
        ];
        Assert.Equal(
            [
                "ClusterRole etcd-backup-agent-controller",
                "ClusterRoleBinding etcd-backup-agent-controller",
                .. ManifestFiles.Definitions.Select(name => $"CustomResourceDefinition {name}"),
                "Deployment etcd-backup-agent-controller",
                "Namespace kubedr-system",
                "Role etcd-backup-agent-backup",
                "Role etcd-backup-agent-controller",
                "Role etcd-backup-agent-restore",
                "RoleBinding etcd-backup-agent-backup",
                "RoleBinding etcd-backup-agent-controller",
                "RoleBinding etcd-backup-agent-restore",
                "Service etcd-backup-agent-metrics",
                "ServiceAccount etcd-backup-agent-backup",
                "ServiceAccount etcd-backup-agent-controller",
                "ServiceAccount etcd-backup-agent-restore",
            ],
            found);
    }

    [Theory]
    [InlineData("base", "Deployment", "etcd-backup-agent-controller")]
    [InlineData("worker", "DaemonSet", "etcd-backup-agent-worker")]
    [InlineData("worker-directory", "DaemonSet", "etcd-backup-agent-worker")]
    public async Task The_agent_starts_pods_with_its_own_image(string folder, string kind, string name)
    {
        JsonObject container = Container(ManifestFiles.Find(await ManifestFiles.KustomizeAsync(folder), kind, name));

        string version = Regex.Match(
            await File.ReadAllTextAsync(Path.Combine(ManifestFiles.Repository, "Directory.Build.props")),
            "<VersionPrefix>(?<version>.*)</VersionPrefix>",
            RegexOptions.ExplicitCapture,
            TimeSpan.FromSeconds(1)).Groups["version"].Value;
        Assert.Equal($"{Image}:{version}", (string?)container["image"]);
        JsonNode? variable = container["env"]!.AsArray()
            .Single(item => (string?)item!["name"] == "ETCD_BACKUP_AGENT_IMAGE");
        Assert.Equal($"{Image}:{version}", (string?)variable!["value"]);
    }

    [Fact]
    public async Task The_controller_has_few_privileges_and_has_probes()
    {
        JsonObject deployment = ManifestFiles.Find(
            await ManifestFiles.KustomizeAsync("base"), "Deployment", "etcd-backup-agent-controller");
        JsonNode pod = deployment["spec"]!["template"]!["spec"]!;
        JsonObject container = Container(deployment);

        AssertJson(
            """{"runAsNonRoot":true,"runAsUser":65532,"runAsGroup":65532,"seccompProfile":{"type":"RuntimeDefault"}}""",
            pod["securityContext"]);
        AssertConfined(container);
        Assert.Equal(60, (int?)pod["terminationGracePeriodSeconds"]);
        Assert.Null(pod["hostNetwork"]);
        Assert.DoesNotContain("hostPath", pod.ToJsonString(), StringComparison.Ordinal);
        AssertJson("""["run","--kubernetes","--listen","0.0.0.0:8080","--log-format","json"]""", container["args"]);
        AssertProbes(container, 8080);
        AssertOnControlPlane(pod);
    }

    [Fact]
    public async Task The_worker_can_access_only_etcd_and_the_certificates_of_the_node()
    {
        IReadOnlyList<JsonObject> objects = await ManifestFiles.KustomizeAsync("worker");
        JsonObject worker = ManifestFiles.Find(objects, "DaemonSet", "etcd-backup-agent-worker");
        JsonNode pod = worker["spec"]!["template"]!["spec"]!;
        JsonObject container = Container(worker);

        Assert.DoesNotContain(objects, item => (string?)item["kind"] == "Deployment");
        AssertJson(
            """{"runAsUser":0,"runAsGroup":0,"seccompProfile":{"type":"RuntimeDefault"}}""", pod["securityContext"]);
        AssertConfined(container);
        Assert.True((bool?)pod["hostNetwork"]);
        Assert.Equal("ClusterFirstWithHostNet", (string?)pod["dnsPolicy"]);
        AssertJson(
            """["run","--kubernetes","--in-process","--scratch-dir","/scratch","--listen","0.0.0.0:9781","--log-format","json"]""",
            container["args"]);
        AssertJson(
            """
            [{"emptyDir":{"medium":"Memory"},"name":"tmp"},
             {"emptyDir":{},"name":"scratch"},
             {"hostPath":{"path":"/etc/kubernetes/pki","type":"Directory"},"name":"certificates"}]
            """,
            pod["volumes"]);
        AssertJson(
            """
            [{"mountPath":"/tmp","name":"tmp"},
             {"mountPath":"/scratch","name":"scratch"},
             {"mountPath":"/etc/kubernetes/pki","name":"certificates","readOnly":true}]
            """,
            container["volumeMounts"]);
        AssertProbes(container, 9781);
        AssertOnControlPlane(pod);
    }

    [Theory]
    [InlineData("base", "Deployment", "etcd-backup-agent-controller")]
    [InlineData("worker", "DaemonSet", "etcd-backup-agent-worker")]
    public async Task The_service_for_metrics_selects_the_pods(string folder, string kind, string name)
    {
        IReadOnlyList<JsonObject> objects = await ManifestFiles.KustomizeAsync(folder);
        JsonNode service = ManifestFiles.Find(objects, "Service", "etcd-backup-agent-metrics")["spec"]!;
        JsonNode pods = ManifestFiles.Find(objects, kind, name)["spec"]!;

        AssertJson(service["selector"]!.ToJsonString(), pods["template"]!["metadata"]!["labels"]);
        AssertJson(service["selector"]!.ToJsonString(), pods["selector"]!["matchLabels"]);
        Assert.Equal("http", (string?)service["ports"]![0]!["targetPort"]);
    }

    private static JsonObject Container(JsonObject workload) =>
        Assert.Single(workload["spec"]!["template"]!["spec"]!["containers"]!.AsArray())!.AsObject();

    private static void AssertConfined(JsonObject container) => AssertJson(
        """{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}}""",
        container["securityContext"]);

    private static void AssertProbes(JsonObject container, int port)
    {
        AssertJson("""{"path":"/healthz","port":"http"}""", container["livenessProbe"]!["httpGet"]);
        AssertJson("""{"path":"/readyz","port":"http"}""", container["readinessProbe"]!["httpGet"]);
        AssertJson($$"""[{"name":"http","containerPort":{{port}}}]""", container["ports"]);
    }

    /// <summary>Only the toleration may name node-role.kubernetes.io/master: API servers print a warning at every apply
    /// for an affinity to that label.</summary>
    private static void AssertOnControlPlane(JsonNode pod)
    {
        Assert.Contains(
            """{"name":"NODE_NAME","valueFrom":{"fieldRef":{"fieldPath":"spec.nodeName"}}}""",
            pod.ToJsonString(),
            StringComparison.Ordinal);
        AssertJson(
            """
            [{"matchExpressions":[{"key":"node-role.kubernetes.io/control-plane","operator":"Exists"}]}]
            """,
            pod["affinity"]!["nodeAffinity"]!["requiredDuringSchedulingIgnoredDuringExecution"]!["nodeSelectorTerms"]);
        AssertJson(
            """
            [{"key":"node-role.kubernetes.io/control-plane","operator":"Exists","effect":"NoSchedule"},
             {"key":"node-role.kubernetes.io/master","operator":"Exists","effect":"NoSchedule"}]
            """,
            pod["tolerations"]);
    }

    private static void AssertJson(string expected, JsonNode? actual) =>
        Assert.Equal(JsonNode.Parse(expected), actual, JsonNode.DeepEquals);
}
