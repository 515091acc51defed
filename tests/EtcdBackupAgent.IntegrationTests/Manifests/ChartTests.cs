using System.Text.Json.Nodes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>The chart and the manifests contain the same objects.</summary>
public sealed class ChartTests
{
    private const string Namespace = "kubedr-system";

    [Fact]
    public async Task With_its_default_values_the_chart_equals_the_base() =>
        await AssertSameAsync("base", HelmChart.With(Namespace));

    [Fact]
    public async Task In_process_the_chart_equals_the_worker() =>
        await AssertSameAsync("worker", HelmChart.With(Namespace, ("inProcess", true)));

    [Fact]
    public async Task With_a_directory_the_chart_equals_the_worker_with_a_directory() =>
        await AssertSameAsync(
            "worker-directory", HelmChart.With(Namespace, ("inProcess", true), ("backupsDir", "/var/backups/etcd")));

    [Fact]
    public async Task With_objects_the_chart_has_their_rights_too() =>
        Assert.Equal(
            (await ManifestFiles.KustomizeAsync("objects")).Select(item => item.ToJsonString()).Order(),
            HelmChart.With(Namespace, ("objects", true)).Render()
                .Where(item => item.ToJsonString().Contains("etcd-backup-agent-objects", StringComparison.Ordinal))
                .Select(item => item.ToJsonString()).Order());

    [Fact]
    public void Another_namespace_is_used_in_all_objects()
    {
        IReadOnlyList<JsonObject> objects = HelmChart.With("elsewhere").Render();

        Assert.DoesNotContain(objects, item => item.ToJsonString().Contains(Namespace, StringComparison.Ordinal));
        Assert.All(
            objects.Where(item => !((string)item["kind"]!).StartsWith("Cluster", StringComparison.Ordinal)),
            item => Assert.Equal("elsewhere", (string?)ManifestFiles.At(item, "metadata", "namespace")));
    }

    [Fact]
    public void Every_service_account_gets_the_image_pull_secrets()
    {
        IReadOnlyList<JsonObject> objects = HelmChart
            .With(Namespace, ("imagePullSecrets", JsonNode.Parse("""[{"name":"registry"}]""")!))
            .Render();

        JsonObject[] accounts = [.. objects.Where(item => (string?)item["kind"] == "ServiceAccount")];
        Assert.Equal(3, accounts.Length);
        Assert.All(accounts, account => Assert.Equal("registry", (string?)account["imagePullSecrets"]![0]!["name"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_pod_that_accesses_the_stores_gets_the_proxy_settings(bool inProcess)
    {
        JsonNode proxy = JsonNode.Parse(
            """{"http":"","https":"http://proxy:3128","noProxy":"10.0.0.0/8,.svc","fromSecret":true}""")!;

        IReadOnlyList<JsonObject> objects = HelmChart
            .With(Namespace, ("inProcess", inProcess), ("proxy", proxy))
            .Render();

        JsonNode container = objects.Single(item => (string?)item["kind"] is "Deployment" or "DaemonSet")
            ["spec"]!["template"]!["spec"]!["containers"]![0]!;
        Assert.Equal(
            ["HTTPS_PROXY=http://proxy:3128", "NO_PROXY=10.0.0.0/8,.svc"],
            container["env"]!.AsArray()
                .Where(variable => ((string)variable!["name"]!).EndsWith("_PROXY", StringComparison.Ordinal))
                .Select(variable => $"{variable!["name"]}={variable["value"]}"));
        Assert.Equal("etcd-backup-agent-proxy", (string?)container["envFrom"]![0]!["secretRef"]!["name"]);
    }

    [Theory]
    [InlineData("backuplocations")]
    [InlineData("metadatabackuppolicies")]
    [InlineData("metadatabackuprecords")]
    [InlineData("metadatarestores")]
    public void The_charts_copy_of_a_definition_is_up_to_date(string plural) =>
        Assert.Equal(
            ManifestFiles.Read($"crd/{plural}.yaml"), ManifestFiles.Read($"helm/etcd-backup-agent/crds/{plural}.yaml"));

    [Fact]
    public void The_chart_has_the_version_of_its_image()
    {
        JsonObject chart = ManifestFiles.Objects(ManifestFiles.Read("helm/etcd-backup-agent/Chart.yaml"))[0];
        JsonObject values = ManifestFiles.Objects(ManifestFiles.Read("helm/etcd-backup-agent/values.yaml"))[0];

        Assert.Equal((string?)values["image"]!["tag"], (string?)chart["appVersion"]);
    }

    /// <summary>Compares all objects except the namespace, which Helm creates itself, and the definitions, which are
    /// separate files of the chart.</summary>
    private static async Task AssertSameAsync(string folder, HelmChart chart)
    {
        string[] expected = Texts((await ManifestFiles.KustomizeAsync(folder))
            .Where(item => (string?)item["kind"] is not ("Namespace" or "CustomResourceDefinition")));

        Assert.Equal(expected, Texts(chart.Render()));
    }

    /// <summary>Returns the objects as texts that do not depend on the order of objects, fields, volumes and
    /// mounts.</summary>
    private static string[] Texts(IEnumerable<JsonObject> objects) =>
        [.. objects.Select(item => Sorted(item)!.ToJsonString()).Order(StringComparer.Ordinal)];

    private static JsonNode? Sorted(JsonNode? node, string field = "") => node switch
    {
        JsonObject fields => new JsonObject(fields
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => KeyValuePair.Create(pair.Key, Sorted(pair.Value, pair.Key)))),
        JsonArray list => new JsonArray([.. InOrder(list.Select(item => Sorted(item)), field)]),
        _ => node?.DeepClone(),
    };

    private static IEnumerable<JsonNode?> InOrder(IEnumerable<JsonNode?> items, string field) =>
        field is "volumes" or "volumeMounts"
            ? items.OrderBy(item => item!.ToJsonString(), StringComparer.Ordinal)
            : items;
}
