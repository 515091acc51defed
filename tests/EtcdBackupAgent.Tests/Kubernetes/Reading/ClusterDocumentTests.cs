using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Resources.Yaml;
using EtcdBackupAgent.Tests.Resources;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Reading;

/// <summary>An object of a cluster is validated in the same way as a document of a directory.</summary>
public sealed class ClusterDocumentTests
{
    private const string Disk = """
        {"apiVersion":"kubedr.catalogicsoftware.com/v1alpha1","kind":"BackupLocation",
         "metadata":{"name":"disk","namespace":"kubedr-system"},"spec":{"url":"file:///var/backups","encryption":"None"}}
        """;

    [Theory]
    [InlineData("""{"retainNumBackups":"3"}""")]
    [InlineData("""{"retainNumBackups":1.5,"suspend":"yes"}""")]
    [InlineData("""{"retainNumBackups":null}""")]
    [InlineData("""{"schedule":"61 * * * *","timeZone":"Europe/Berln"}""")]
    [InlineData("""{"certsDir":"","options":{"execution":7,"unknown":"x"}}""")]
    [InlineData("""{"etcdEndpoint":"https://127.0.0.1:2379","etcdCreds":"missing"}""")]
    [InlineData("""{"verify":["Never"],"retainNumBackup":3}""")]
    [InlineData("""{"destination":"dsk"}""")]
    public async Task The_same_error_has_the_same_message(string spec)
    {
        string policy = Policy(spec);
        using DirectoryFixture directory = new();
        ResourceSet ofFiles = await directory.With("disk.json", Disk).With("p.json", policy).LoadAsync();

        ResourceSet ofCluster = await new ClusterBinding(new NoSecrets()).BindAsync(
            [new LocationObject(Parse(Disk))], [new PolicyObject(Parse(policy))], CancellationToken.None);

        Assert.NotEmpty(ofCluster.Problems);
        Assert.Equal(
            ofFiles.Problems.Select(p => $"{p.Severity} {p.Document} {p.Field} {p.Message}"),
            ofCluster.Problems.Select(p => $"{p.Severity} {p.Document} {p.Field} {p.Message}"));
        Assert.All(
            ofCluster.Problems,
            problem => Assert.StartsWith($"{problem.Document}: ", $"{problem}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_valid_object_is_bound_with_all_its_fields()
    {
        string policy = Policy(
            """{"schedule":"@daily","retainNumBackups":7,"suspend":true,"options":{"execution":"InProcess"}}""");

        ResourceSet set = await new ClusterBinding(new NoSecrets()).BindAsync(
            [new LocationObject(Parse(Disk))], [new PolicyObject(Parse(policy))], CancellationToken.None);

        Assert.Empty(set.Problems);
        BackupPolicy bound = Assert.Single(set.Policies.Values);
        Assert.Equal(
            (7, true, PolicyExecution.InProcess, "uid-1"),
            (bound.Retention.Last, bound.Suspend, bound.Execution, bound.Uid));
    }

    [Fact]
    public void Every_value_has_its_type_and_its_size()
    {
        MappingNode node = ClusterDocument.Of(
            ClusterKinds.Policy,
            Parse(
                """{"metadata":{"name":"p","namespace":"n"},"spec":{"a":[1,2.5,-3e2],"b":true,"c":null,"d":"text","e":{}}}"""
            ));

        MappingNode spec = (MappingNode)node.Fields["spec"];
        Assert.Equal("MetadataBackupPolicy n/p", spec.Fields["d"].Where);
        Assert.Equal(
            ["a list", "true or false", "empty", "a text", "a mapping"],
            spec.Fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => field.Value.TypeName));
        Assert.Equal(
            ["1", "2.5", "-3e2"],
            ((SequenceNode)spec.Fields["a"]).Items.Select(item => ((ScalarNode)item).Text));
        Assert.Equal(9, spec.Size);
    }

    private static string Policy(string spec)
    {
        JsonObject item = Parse("""
            {"apiVersion":"kubedr.catalogicsoftware.com/v1alpha1","kind":"MetadataBackupPolicy",
             "metadata":{"name":"p","namespace":"kubedr-system","uid":"uid-1"},
             "spec":{"destination":"disk","etcdEndpoint":"http://127.0.0.1:2379"}}
            """);
        foreach ((string name, JsonNode? value) in Parse(spec))
        {
            item["spec"]![name] = value?.DeepClone();
        }

        return item.ToJsonString();
    }

    private static JsonObject Parse(string json) => (JsonObject)JsonNode.Parse(json)!;

    private sealed class NoSecrets : ISecretSource
    {
        public bool IsPassphraseOptional => false;

        public Task<FoundSecret> FindAsync(ResourceName name, CancellationToken cancellationToken) =>
            Task.FromResult(new FoundSecret(Document: null));
    }
}
