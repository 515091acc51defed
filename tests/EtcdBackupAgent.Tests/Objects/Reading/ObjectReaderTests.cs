using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Encryption;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Snapshots.Encoded;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Reading;

public sealed class ObjectReaderTests
{
    private static readonly GroupVersionKind Secret = new("v1", "Secret");

    [Fact]
    public void An_object_has_its_place_its_kind_and_its_revision()
    {
        StoredObject read = Read(
            "/registry/configmaps/web/a",
            StoredBytes.Of(
                new GroupVersionKind("v1", "ConfigMap"),
                new ProtobufWriter().Message(1, StoredBytes.Metadata("a", "web"))));

        Assert.Equal(ReadOutcome.Read, read.Outcome);
        Assert.Equal("configmaps/a in web", read.Place!.ToString());
        Assert.Equal(
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"web","resourceVersion":"42"}}""",
            Text(read));
    }

    [Theory]
    [InlineData("/registry/masterleases/10.0.0.1", "k8s\0", ReadOutcome.NotAnObject)]
    [InlineData("compact_rev_key", "12", ReadOutcome.NotAnObject)]
    [InlineData("/registry/configmaps/web/a", "", ReadOutcome.Unrecognized)]
    [InlineData("/registry/configmaps/web/a", "text", ReadOutcome.Unrecognized)]
    [InlineData("/registry/configmaps/web/a", "{}", ReadOutcome.Unrecognized)]
    [InlineData("/registry/configmaps/web/a", "{", ReadOutcome.Damaged)]
    [InlineData("/registry/configmaps/web/a", """{"a":1,"a":2}""", ReadOutcome.Damaged)]
    [InlineData("/registry/configmaps/web/a", "k8s\0\n", ReadOutcome.Damaged)]
    [InlineData("/registry/configmaps/web/a", "k8s\0", ReadOutcome.UnknownKind)]
    [InlineData("/registry/configmaps/web/a", "k8s:enc:aesgcm:v1:key:xyz", ReadOutcome.Encrypted)]
    public void Other_values_are_outcomes(string key, string value, ReadOutcome outcome)
    {
        StoredObject read = Read(key, Encoding.UTF8.GetBytes(value));

        Assert.Equal(outcome, read.Outcome);
        Assert.True(read.Json.IsEmpty);
    }

    [Fact]
    public void CBOR_is_recognized() => Assert.Equal(
        ReadOutcome.Cbor, Read("/registry/example.com/widgets/web/a", [0xD9, 0xD9, 0xF7, 0xA0]).Outcome);

    [Fact]
    public void Values_of_a_Secret_are_masked_unless_they_are_asked_for()
    {
        byte[] stored = StoredBytes.Of(
            Secret,
            new ProtobufWriter().Message(1, StoredBytes.Metadata("a")).Entry(2, "p", "hidden").Text(3, "Opaque"));

        string masked = Text(Read("/registry/secrets/web/a", stored));
        string shown = Text(Read("/registry/secrets/web/a", stored, new ObjectReaderOptions { ShowSecrets = true }));

        Assert.Equal(
            """{"apiVersion":"v1","data":{"p":"***"},"kind":"Secret","metadata":{"name":"a","resourceVersion":"42"},"type":"Opaque"}""",
            masked);
        Assert.Equal(masked.Replace("***", "aGlkZGVu", StringComparison.Ordinal), shown);
    }

    [Fact]
    public void Values_of_a_Secret_that_is_stored_as_JSON_are_masked()
    {
        byte[] stored = """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"data":{"p":"aGlkZGVu"}}"""u8.ToArray();

        Assert.Equal(
            """{"apiVersion":"v1","data":{"p":"***"},"kind":"Secret","metadata":{"name":"a","resourceVersion":"42"}}""",
            Text(Read("/registry/secrets/web/a", stored)));
        Assert.DoesNotContain(
            "aGlkZGVu",
            Text(Read("/registry/secrets/web/a", stored, new ObjectReaderOptions { AsStored = true })),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_claim_without_a_phase_is_pending_unless_it_is_printed_as_stored()
    {
        const string key = "/registry/persistentvolumeclaims/web/a";
        byte[] stored = StoredBytes.Of(
            new GroupVersionKind("v1", "PersistentVolumeClaim"),
            new ProtobufWriter().Message(1, StoredBytes.Metadata("a")));

        JsonNode read = Node(Read(key, stored));
        JsonNode asStored = Node(Read(key, stored, new ObjectReaderOptions { AsStored = true }));

        Assert.Equal("Pending", (string?)read["status"]!["phase"]);
        Assert.Equal("{}", asStored["status"]!.ToJsonString());
    }

    [Fact]
    public void Claim_templates_get_their_kind()
    {
        ProtobufWriter template = new ProtobufWriter().Message(1, StoredBytes.Metadata("data"));
        byte[] stored = StoredBytes.Of(new GroupVersionKind("apps/v1", "StatefulSet"), new ProtobufWriter()
            .Message(1, StoredBytes.Metadata("a"))
            .Message(2, new ProtobufWriter().Message(4, template)));

        JsonNode read = Node(Read("/registry/statefulsets/web/a", stored))["spec"]!["volumeClaimTemplates"]![0]!;

        Assert.Equal(("v1", "PersistentVolumeClaim"), ((string?)read["apiVersion"], (string?)read["kind"]));
        Assert.Equal("Pending", (string?)read["status"]!["phase"]);
    }

    [Theory]
    [InlineData(false, """{"t":"1"}""")]
    [InlineData(true, """{"own":"1"}""")]
    public void A_job_without_labels_shows_those_of_its_template(bool hasLabels, string labels)
    {
        ProtobufWriter metadata = StoredBytes.Metadata("a");
        byte[] stored = StoredBytes.Of(new GroupVersionKind("batch/v1", "Job"), new ProtobufWriter()
            .Message(1, hasLabels ? metadata.Entry(11, "own", "1") : metadata)
            .Message(2, new ProtobufWriter().Message(6, new ProtobufWriter()
                .Message(1, StoredBytes.Metadata("").Entry(11, "t", "1")))));

        Assert.Equal(labels, Node(Read("/registry/jobs/web/a", stored))["metadata"]!["labels"]!.ToJsonString());
    }

    [Fact]
    public void Only_the_metadata_is_printed_if_that_is_enough()
    {
        ObjectReaderOptions options = new() { MetadataOnly = true };
        byte[] secret = StoredBytes.Of(
            Secret,
            new ProtobufWriter()
                .Message(1, StoredBytes.Metadata("a").Entry(12, "copy", """{"data":{"p":"hidden"}}"""))
                .Entry(2, "p", "hidden"));
        byte[] job = StoredBytes.Of(new GroupVersionKind("batch/v1", "Job"), new ProtobufWriter()
            .Message(1, StoredBytes.Metadata("a"))
            .Message(2, new ProtobufWriter().Message(6, new ProtobufWriter()
                .Message(1, StoredBytes.Metadata("").Entry(11, "t", "1")))));

        Assert.Equal(
            """{"apiVersion":"v1","kind":"Secret","metadata":{"annotations":{"copy":"{\"data\":{\"p\":\"***\"}}"},"name":"a","resourceVersion":"42"}}""",
            Text(Read("/registry/secrets/web/a", secret, options)));
        Assert.Equal(
            """{"t":"1"}""",
            Node(Read("/registry/jobs/web/a", job, options))["metadata"]!["labels"]!.ToJsonString());
    }

    [Fact]
    public void The_rules_are_those_of_the_specification() =>
        Assert.Equal(["claim-phase", "claim-template-kind", "job-labels"], ReadRules.Names);

    [Fact]
    public void A_custom_resource_is_read_by_its_definition()
    {
        CustomResourceDefinition definition = CustomResourceDefinition.Read((JsonObject)JsonNode.Parse("""
            {"apiVersion": "apiextensions.k8s.io/v1", "spec": {"group": "example.com", "scope": "Namespaced",
             "names": {"plural": "widgets", "kind": "Widget"},
             "versions": [{"name": "v1", "served": true, "schema": {"openAPIV3Schema": {"properties": {"size": {"default": 3}}}}}]}}
            """)!)!;
        ObjectReaderOptions options = new()
        {
            Definitions = new Dictionary<GroupResource, CustomResourceDefinition> { [definition.Name] = definition },
        };
        byte[] stored = """{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"name":"a"},"colour":"red"}"""u8.ToArray();

        StoredObject read = Read("/registry/example.com/widgets/web/a", stored, options);
        StoredObject alone = Read("/registry/example.com/widgets/web/a", stored);

        Assert.Equal(CustomResourceForm.AsServed, read.CustomResourceForm);
        Assert.Equal(
            """{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"generation":1,"name":"a","resourceVersion":"42"},"size":3}""",
            Text(read));
        Assert.Equal(CustomResourceForm.WithoutDefinition, alone.CustomResourceForm);
        Assert.Equal(
            """{"apiVersion":"example.com/v1","colour":"red","kind":"Widget","metadata":{"name":"a","resourceVersion":"42"}}""",
            Text(alone));
    }

    [Fact]
    public void A_definition_is_converted_to_the_served_version()
    {
        byte[] stored =
            """{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1beta1","metadata":{"name":"a.b"},"spec":{"version":"v1","preserveUnknownFields":false}}"""u8
                .ToArray();

        StoredObject read = Read("/registry/apiextensions.k8s.io/customresourcedefinitions/a.b", stored);

        Assert.Equal(new GroupVersionKind("apiextensions.k8s.io/v1", "CustomResourceDefinition"), read.Kind);
        Assert.Equal(
            """{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"a.b","resourceVersion":"42"},"spec":{"versions":[{"name":"v1","served":true,"storage":true}]}}""",
            Text(read));
    }

    [Fact]
    public void An_encrypted_value_names_its_key()
    {
        StoredObject read = Read("/registry/secrets/web/a", "k8s:enc:aescbc:v1:key-1:xyz"u8.ToArray());

        Assert.Equal(DecryptionOutcome.KeyMissing, read.Decryption);
        Assert.Equal("encrypted with aescbc v1, key 'key-1'", read.Problem);
    }

    [Fact]
    public void An_object_of_an_unknown_resource_still_names_its_kind()
    {
        GroupVersionKind route = new("route.openshift.io/v1", "Route");

        StoredObject read = Read("/openshift.io/routes/web/a", StoredBytes.Of(route, new ProtobufWriter()));

        Assert.Equal((KeyContent.UnknownResource, ReadOutcome.UnknownKind), (read.KeyContent, read.Outcome));
        Assert.Equal(route, read.Kind);
    }

    private static StoredObject Read(string key, byte[] value, ObjectReaderOptions? options = null) =>
        new ObjectReader(options ?? new ObjectReaderOptions()).Read(Encoding.UTF8.GetBytes(key), value, 42);

    private static string Text(StoredObject read) => Encoding.UTF8.GetString(read.Json.Span);

    private static JsonNode Node(StoredObject read) => JsonNode.Parse(read.Json.Span)!;
}
