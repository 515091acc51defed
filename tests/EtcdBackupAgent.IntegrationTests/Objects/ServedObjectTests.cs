using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.IntegrationTests.KubernetesApi;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.KubernetesApi;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>What is read out of the etcd of a real API server is what that server shows.</summary>
[Collection(KubernetesApiTests.Name)]
public sealed class ServedObjectTests(KubernetesApiFixture fixture)
{
    private KubernetesApiServer Server => fixture.Server;

    [Fact]
    public async Task Built_in_objects_are_read_as_the_server_shows_them()
    {
        string ns = await Server.CreateNamespaceAsync();
        await Server.ApplyAsync(
            """
            {apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {app: "<shop>"}}, data: {z: "1", a: "ünïcödé"}}
            ---
            {apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {password: hidden}}
            ---
            {apiVersion: v1, kind: ServiceAccount, metadata: {name: a}}
            ---
            {apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: a}, spec: {holderIdentity: me, leaseDurationSeconds: 5}}
            ---
            apiVersion: v1
            kind: PersistentVolumeClaim
            metadata: {name: a}
            spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
            ---
            {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: none}]}}
            """,
            "-n",
            ns);
        ObjectReader reader = new(
            new ObjectReaderOptions { AsStored = true, ManagedFields = true, ShowSecrets = true });

        string[] read = await CompareAsync(
            reader, ns, place => place.Resource.Group.Length == 0 ? "api/v1" : $"apis/{place.Resource.Group}/v1");

        Assert.Equal(
            [
                "configmaps", "leases.coordination.k8s.io", "persistentvolumeclaims", "pods", "secrets",
                "serviceaccounts",
            ],
            read.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Custom_resources_are_read_as_the_server_shows_them_after_their_definition_has_changed()
    {
        string ns = await Server.CreateNamespaceAsync();
        string group = $"{ns}.example.com";
        await EstablishAsync(Definition(group, Anything, Anything));
        await Server.ApplyAsync(Gadgets(group), "-n", ns);
        await Server.KubectlAsync(
            "-n", ns, "patch", $"gadgets.{group}", "full", "--type=merge", "-p", """{"metadata":{"finalizers":["example.com/f"]}}""");

        // From now on v1 is preferred, prunes, and has defaults. The objects stay as they were stored.
        await EstablishAsync(Definition(group, Strict, Newer));
        await TestDeadline.UntilAsync("the new schema", async () => (await Server.KubectlAsync(
            "-n", ns, "get", $"gadgets.{group}", "plain", "-o", "jsonpath={.spec.size}{.spec.newer}")) == "3yes");

        ObjectReader reader = new(
            new ObjectReaderOptions { ManagedFields = true, Definitions = await DefinitionsAsync() });
        string[] read = await CompareAsync(reader, ns, place => $"apis/{place.Resource.Group}/v1");

        Assert.Equal(4, read.Count(resource => resource == $"gadgets.{group}"));
        await Server.KubectlAsync(
            "-n", ns, "patch", $"gadgets.{group}", "full", "--type=merge", "-p", """{"metadata":{"finalizers":null}}""");
    }

    [Fact]
    public async Task A_definition_that_is_stored_in_v1_is_read_as_the_server_shows_it()
    {
        StoredKey stored = Assert.Single(await StoredKey.ListAsync(
            Server.Etcd, "/registry/apiextensions.k8s.io/customresourcedefinitions/widgets.test.example.com"));
        StoredObject read = new ObjectReader(new ObjectReaderOptions { ManagedFields = true })
            .Read(stored.Key, stored.Value, stored.ModRevision);

        Assert.Null(JsonComparison.Difference(
            await ShownAsync("apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.test.example.com"),
            read.Json.Span));
    }

    /// <summary>Compares every object of a namespace with the server's answer, and returns their resources.</summary>
    private async Task<string[]> CompareAsync(ObjectReader reader, string ns, Func<StorageKey, string> versionPath)
    {
        List<string> read = [];
        foreach (StoredKey stored in await StoredKey.ListAsync(Server.Etcd, "/registry/"))
        {
            StoredObject found = reader.Read(stored.Key, stored.Value, stored.ModRevision);
            if (found.Place is not { } place || place.Namespace != ns)
            {
                continue;
            }

            read.Add(place.Resource.ToString());
            Assert.Equal(ReadOutcome.Read, found.Outcome);
            byte[] shown = await ShownAsync(
                $"{versionPath(place)}/namespaces/{ns}/{place.Resource.Resource}/{place.Name}");
            Assert.True(
                JsonComparison.Difference(shown, found.Json.Span) is null,
                $"{place}\nserver: {Encoding.UTF8.GetString(shown)}\n"
                + $"read:   {Encoding.UTF8.GetString(found.Json.Span)}");
        }

        return [.. read];
    }

    /// <summary>Returns the server's answer with sorted names.</summary>
    private async Task<byte[]> ShownAsync(string path)
    {
        using HttpClient http = Server.CreateClient();
        byte[] shown = await http.GetByteArrayAsync($"/{path}");
        ArrayBufferWriter<byte> sorted = new();
        await using Utf8JsonWriter writer = new(sorted);
        SortedJson.Write(writer, shown);
        await writer.FlushAsync();
        return sorted.WrittenSpan.ToArray();
    }

    private async Task<IReadOnlyDictionary<GroupResource, CustomResourceDefinition>> DefinitionsAsync() =>
        (await StoredKey.ListAsync(Server.Etcd, "/registry/apiextensions.k8s.io/customresourcedefinitions/"))
        .Select(stored => CustomResourceDefinition.Read((JsonObject)JsonNode.Parse(stored.Value)!)!)
        .ToDictionary(definition => definition.Name);

    private async Task EstablishAsync(string definition)
    {
        string name = (await Server.ApplyAsync(definition, "-o", "name")).Trim();
        await Server.KubectlAsync("wait", "--for=condition=Established", name, "--timeout=60s");
    }

    private static string Definition(string group, string old, string newer) => $$"""
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: gadgets.{{group}}}
        spec:
          group: {{group}}
          scope: Namespaced
          names: {plural: gadgets, singular: gadget, kind: Gadget}
          versions:
          - name: v1beta1
            served: true
            storage: true
            schema:
              openAPIV3Schema: {{old.ReplaceLineEndings(" ")}}
          - name: v1
            served: true
            storage: false
            schema:
              openAPIV3Schema: {{newer.ReplaceLineEndings(" ")}}
        """;

    private const string Anything = "{type: object, x-kubernetes-preserve-unknown-fields: true}";

    private const string Strict = """
        {type: object, properties: {
          spec: {type: object, default: {}, properties: {
            size: {type: integer, default: 3}, color: {type: string}, ratio: {type: number}, newer: {type: string},
            maybe: {type: string, nullable: true}, forced: {type: string, default: x}, sure: {type: string},
            parts: {type: array, items: {type: object, properties: {name: {type: string}, count: {type: integer, default: 1}}}},
            tags: {type: object, additionalProperties: {type: object, properties: {weight: {type: integer, default: 7}}}},
            open: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {closed: {type: object}}},
            template: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object, properties: {a: {type: string}}}}},
            port: {x-kubernetes-int-or-string: true}}},
          status: {type: object, properties: {phase: {type: string}}}}}
        """;

    private const string Newer = """
        {type: object, properties: {
          spec: {type: object, properties: {
            size: {type: integer}, color: {type: string}, ratio: {type: number}, newer: {type: string, default: never},
            maybe: {type: string, nullable: true}, forced: {type: string}, sure: {type: string},
            parts: {type: array, items: {type: object, x-kubernetes-preserve-unknown-fields: true}},
            tags: {type: object, additionalProperties: {type: object, x-kubernetes-preserve-unknown-fields: true}},
            open: {type: object, x-kubernetes-preserve-unknown-fields: true},
            template: {type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true},
            port: {x-kubernetes-int-or-string: true}}},
          status: {type: object, properties: {phase: {type: string}}}}}
        """;

    private static string Gadgets(string group) => $$$"""
        apiVersion: {{{group}}}/v1beta1
        kind: Gadget
        metadata: {name: plain}
        spec: {newer: "yes"}
        ---
        apiVersion: {{{group}}}/v1beta1
        kind: Gadget
        metadata: {name: empty}
        ---
        apiVersion: {{{group}}}/v1
        kind: Gadget
        metadata: {name: other, annotations: {a: b}}
        spec: {unknown: {deep: [1, 2]}, size: 5, ratio: 1.50}
        ---
        apiVersion: {{{group}}}/v1beta1
        kind: Gadget
        metadata: {name: full, labels: {k: v}, ownerReferences: [{apiVersion: v1, kind: Node, name: node, uid: u}]}
        spec:
          color: "<red>"
          ratio: 0.000000125
          extra: 12345678901234567890
          maybe: null
          forced: null
          sure: null
          unknown: {a: 1}
          parts: [{name: a, other: 1}, {count: 2}, {}]
          tags: {a: {weight: 1, x: 2}, b: {}}
          open: {closed: {x: 1}, free: {y: 2}}
          template: {apiVersion: v1, kind: Pod, metadata: {name: t, x: 1, labels: {l: m}}, spec: {a: b, c: d}, more: 1}
          port: http
        status: {phase: Ready, other: 1}
        more: {x: 1}
        """;
}
