using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Restoring;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Restoring;

/// <summary>What is done with objects before a restore knows the cluster.</summary>
public sealed class PreparedObjectTests
{
    [Theory]
    [InlineData("pods", """{"metadata":{"ownerReferences":[{"kind":"ReplicaSet","name":"a","controller":true}]}}""",
        "ReplicaSet a makes it")]
    [InlineData("pods", """{"metadata":{"annotations":{"kubernetes.io/config.mirror":"x"}}}""", "a node makes it")]
    [InlineData("pods", """{"metadata":{},"status":{"phase":"Succeeded"}}""", "it has ended")]
    [InlineData("pods", """{"metadata":{},"status":{"phase":"Running"}}""", null)]
    [InlineData("jobs.batch", """{"metadata":{},"status":{"conditions":[{"type":"Complete","status":"True"}]}}""",
        "it has ended, and would run again")]
    [InlineData("jobs.batch", """{"metadata":{},"status":{"conditions":[{"type":"Suspended","status":"True"}]}}""",
        null)]
    [InlineData("replicasets.apps",
        """{"metadata":{"ownerReferences":[{"kind":"Deployment","name":"a","controller":true}]}}""",
        "Deployment a makes it")]
    [InlineData("replicasets.apps", """{"metadata":{}}""", null)]
    [InlineData("events", """{"metadata":{}}""", "events tell of")]
    [InlineData("leases.coordination.k8s.io", """{"metadata":{}}""", "leases are renewed")]
    [InlineData("endpoints", """{"metadata":{"name":"with"}}""", "service with makes it")]
    [InlineData("endpoints", """{"metadata":{"name":"without"}}""", null)]
    [InlineData("endpoints", """{"metadata":{"name":"alone"}}""", null)]
    [InlineData("secrets",
        """{"type":"kubernetes.io/service-account-token","metadata":{"name":"a-token-x7k2p","""
        + "\"annotations\":{\"kubernetes.io/service-account.name\":\"a\"}}}",
        "it is the token of service account a")]
    [InlineData("secrets",
        """{"type":"kubernetes.io/service-account-token","metadata":{"name":"mine","""
        + "\"annotations\":{\"kubernetes.io/service-account.name\":\"a\"}}}",
        null)]
    [InlineData("serviceaccounts", """{"metadata":{"name":"default"}}""", "the cluster makes one in each namespace")]
    [InlineData("serviceaccounts", """{"metadata":{"name":"default"},"imagePullSecrets":[{"name":"r"}]}""", null)]
    [InlineData("persistentvolumes", """{"metadata":{},"spec":{"persistentVolumeReclaimPolicy":"Delete"}}""",
        "its reclaim policy is Delete")]
    [InlineData("persistentvolumes", """{"metadata":{},"spec":{"persistentVolumeReclaimPolicy":"Retain"}}""", null)]
    [InlineData("apiservices.apiregistration.k8s.io",
        """{"metadata":{"labels":{"kube-aggregator.kubernetes.io/automanaged":"true"}}}""", "the API server makes it")]
    [InlineData("metadatarestores.kubedr.catalogicsoftware.com", """{"metadata":{}}""", "another restore")]
    public void What_a_cluster_makes_itself_is_left_out_with_the_reason(string resource, string json, string? reason)
    {
        JsonObject item = Parse(json);
        StorageKey place = Place(resource, "web", (string?)item["metadata"]!["name"] ?? "x");

        string? found = SelfMadeObjects.ReasonOf(place, item, service => service.Name switch
        {
            "with" => Parse("""{"spec":{"selector":{"app":"a"}}}"""),
            "without" => Parse("""{"spec":{}}"""),
            _ => null,
        });

        Assert.Equal(reason is null, found is null);
        Assert.Contains(reason ?? "", found ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("configmaps", """{"metadata":{"name":"a","namespace":"web"}}""",
        """{"metadata":{"name":"a","namespace":"shop"}}""")]
    [InlineData("configmaps", """{"metadata":{"name":"web","namespace":"other"}}""",
        """{"metadata":{"name":"web","namespace":"other"}}""")]
    [InlineData("rolebindings.rbac.authorization.k8s.io",
        """{"metadata":{"name":"a","namespace":"web"},"subjects":["""
        + """{"kind":"ServiceAccount","name":"x","namespace":"web"},"""
        + """{"kind":"User","name":"system:serviceaccount:web:x"},"""
        + """{"kind":"Group","name":"system:serviceaccounts:web"},{"kind":"User","name":"web"}]}""",
        """{"metadata":{"name":"a","namespace":"shop"},"subjects":["""
        + """{"kind":"ServiceAccount","name":"x","namespace":"shop"},"""
        + """{"kind":"User","name":"system:serviceaccount:shop:x"},"""
        + """{"kind":"Group","name":"system:serviceaccounts:shop"},{"kind":"User","name":"web"}]}""")]
    [InlineData("validatingwebhookconfigurations.admissionregistration.k8s.io",
        """{"metadata":{"name":"a"},"webhooks":[{"clientConfig":{"service":{"name":"s","namespace":"web"}}}]}""",
        """{"metadata":{"name":"a"},"webhooks":[{"clientConfig":{"service":{"name":"s","namespace":"shop"}}}]}""")]
    [InlineData("persistentvolumes", """{"metadata":{"name":"a"},"spec":{"claimRef":{"name":"c","namespace":"web"}}}""",
        """{"metadata":{"name":"a"},"spec":{"claimRef":{"name":"c","namespace":"shop"}}}""")]
    [InlineData("namespaces", """{"metadata":{"name":"web"}}""", """{"metadata":{"name":"shop"}}""")]
    public void A_namespace_is_mapped_in_every_field_that_refers_to_it(string resource, string json, string expected)
    {
        NamespaceMap map = new(new Dictionary<string, string>(StringComparer.Ordinal) { ["web"] = "shop" });
        JsonObject item = Parse(json);
        StorageKey place = Place(
            resource, (string?)item["metadata"]!["namespace"], (string)item["metadata"]!["name"]!);

        map.Apply(place, item);

        Assert.Equal(expected, item.ToJsonString());
    }

    [Fact]
    public void Objects_are_ordered_so_that_what_others_need_comes_first_and_owners_before_what_they_own()
    {
        RestoreItem[] items =
        [
            Item("validatingwebhookconfigurations.admissionregistration.k8s.io", null, "hook", "Hook"),
            Item("widgets.example.com", "web", "w", "Widget"),
            Item("deployments.apps", "web", "d", "Deployment"),
            Item("secrets", "web", "owned", "Secret", owner: ("Widget", "w")),
            Item("secrets", "web", "free", "Secret"),
            Item("services", "web", "s", "Service"),
            Item("serviceaccounts", "web", "sa", "ServiceAccount"),
            Item("clusters.cluster.x-k8s.io", "web", "c", "Cluster"),
            Item("namespaces", null, "web", "Namespace"),
            Item("customresourcedefinitions.apiextensions.k8s.io", null, "widgets.example.com", "Definition"),
        ];

        Assert.Equal(
            [
                "widgets.example.com", "web", "sa", "free", "w", "owned", "s", "d", "c", "hook",
            ],
            RestoreOrder.Sort(items).Select(item => item.Target.Name));
    }

    [Fact]
    public void Owners_in_a_circle_are_ordered_too() =>
        Assert.Equal(
            2,
            RestoreOrder.Sort(
            [
                Item("secrets", "web", "a", "Secret", owner: ("Secret", "b")),
                Item("secrets", "web", "b", "Secret", owner: ("Secret", "a")),
            ]).Count);

    [Fact]
    public void What_a_workload_names_is_related_to_it()
    {
        JsonObject deployment = Parse(
            """
            {"spec":{"template":{"spec":{"serviceAccountName":"runner","priorityClassName":"high",
            "imagePullSecrets":[{"name":"pull"}],
            "containers":[{"env":[{"valueFrom":{"secretKeyRef":{"name":"key"}}}],
            "envFrom":[{"configMapRef":{"name":"all"}}]}],
            "initContainers":[{"env":[{"valueFrom":{"configMapKeyRef":{"name":"init"}}}]}],
            "volumes":[{"configMap":{"name":"files"}},{"secret":{"secretName":"certs"}},
            {"persistentVolumeClaim":{"claimName":"data"}},
            {"projected":{"sources":[{"secret":{"name":"projected"}}]}}]}}}}
            """);

        IEnumerable<RelatedObject> related =
            RelatedObjects.Of(Place("deployments.apps", "web", "shop"), deployment, isCustom: false);

        Assert.Equal(
            [
                "configmaps/all", "configmaps/files", "configmaps/init", "namespaces/web",
                "persistentvolumeclaims/data", "priorityclasses.scheduling.k8s.io/high", "secrets/certs",
                "secrets/key", "secrets/projected", "secrets/pull", "serviceaccounts/runner",
            ],
            related.Select(one => $"{one.Place.Resource}/{one.Place.Name}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_custom_resource_needs_its_definition_and_its_namespace() =>
        Assert.Equal(
            [
                "namespace of widgets.example.com/w in web", "definition of widgets.example.com/w in web",
            ],
            RelatedObjects.Of(Place("widgets.example.com", "web", "w"), Parse("{}"), isCustom: true)
                .Select(related => related.Reason));

    [Fact]
    public void Values_of_a_secret_are_masked_in_its_changes()
    {
        IReadOnlyList<FieldChange> changes = FieldChange.Between(
            new GroupVersionKind("v1", "Secret"),
            Parse("""{"data":{"a":"b2xk"},"type":"Opaque"}"""),
            Parse("""{"data":{"a":"bmV3"},"type":"other"}"""));

        Assert.Equal(
            [new FieldChange("data.a", "***", "***"), new FieldChange("type", "\"Opaque\"", "\"other\"")], changes);
    }

    private static RestoreItem Item(
        string resource, string? ns, string name, string kind, (string Kind, string Name)? owner = null) => new()
        {
            Source = Place(resource, ns, name),
            Target = Place(resource, ns, name),
            Kind = new GroupVersionKind("v1", kind),
            Owners = owner is { } one ? [new JsonObject { ["kind"] = one.Kind, ["name"] = one.Name }] : [],
        };

    private static StorageKey Place(string resource, string? ns, string name)
    {
        int dot = resource.IndexOf('.', StringComparison.Ordinal);
        return new StorageKey(
            dot < 0 ? new GroupResource("", resource) : new GroupResource(resource[(dot + 1)..], resource[..dot]),
            ns,
            name);
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;
}
