using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Masking;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Masking;

public sealed class SecretMaskTests
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    [Fact]
    public void Values_are_masked_and_their_keys_stay()
    {
        JsonObject secret = Secret("""{"data":{"password":"aGlkZGVu","user":""},"stringData":{"token":"hidden"},"type":"Opaque"}""");

        SecretMask.Apply(secret);

        Assert.Equal("""{"data":{"password":"***","user":"***"},"stringData":{"token":"***"},"type":"Opaque"}""", secret.ToJsonString());
    }

    [Theory]
    [InlineData("""{"kind":"Secret","stringData":{"p":"hidden"},"metadata":{"name":"a"}}""", """{"kind":"Secret","stringData":{"p":"***"},"metadata":{"name":"a"}}""")]
    [InlineData("""{"kind":"List","items":[{"data":{"p":"hidden"}}]}""", """{"kind":"List","items":[{"data":{"p":"***"}}]}""")]
    [InlineData("""{"data":"hidden"}""", """{"data":"***"}""")]
    [InlineData("""  {"data": {"p": "hidden"}""", "***")]
    [InlineData("""{"data":{"p":"hidden"},"data":{}}""", "***")]
    [InlineData("""{"a": "shown", "b": [1.0]}""", """{"a": "shown", "b": [1.0]}""")]
    [InlineData("plain text", "plain text")]
    [InlineData("", "")]
    public void Copies_of_the_object_in_annotations_are_masked(string annotation, string masked)
    {
        JsonObject secret = Secret("""{"metadata":{"annotations":{}}}""");
        secret["metadata"]!["annotations"]![LastApplied] = annotation;

        SecretMask.Apply(secret);

        Assert.Equal(masked, (string?)secret["metadata"]!["annotations"]![LastApplied]);
    }

    [Fact]
    public void A_copy_within_a_copy_is_masked()
    {
        JsonObject secret = Secret("{}");
        for (int depth = 0; depth < 4; depth++)
        {
            string copy = secret.ToJsonString();
            secret = Secret("""{"data":{"p":"hidden"},"metadata":{"annotations":{}}}""");
            secret["metadata"]!["annotations"]![LastApplied] = copy;
        }

        SecretMask.Apply(secret);

        Assert.DoesNotContain("hidden", secret.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1", "Secret", true)]
    [InlineData("v1", "ConfigMap", false)]
    [InlineData("example.com/v1", "Secret", false)]
    public void Only_the_Secrets_of_the_core_group_are_covered(string apiVersion, string kind, bool isCovered) =>
        Assert.Equal(isCovered, SecretMask.Covers(new GroupVersionKind(apiVersion, kind)));

    private static JsonObject Secret(string json) => (JsonObject)JsonNode.Parse(json)!;
}
