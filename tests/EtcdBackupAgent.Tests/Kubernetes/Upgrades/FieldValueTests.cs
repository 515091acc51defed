using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Upgrades;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Upgrades;

/// <summary>The value of a watched field, and why a field has none.</summary>
public sealed class FieldValueTests
{
    private const string Management = """
        {"spec":{"release":"kcm-1-0-0","replicas":3,"paused":false,"core":{"a":"b"},"empty":null,"list":["x","y"]}}
        """;

    private const string KubeadmConfig = """
        {"data":{"ClusterConfiguration":"apiVersion: kubeadm.k8s.io/v1beta4\nkubernetesVersion: v1.36.4\netcd: {}\n",
        "broken":"a: [b","text":"just a text"}}
        """;

    [Theory]
    [InlineData(".spec.release", "kcm-1-0-0")]
    [InlineData("{.spec.release}", "kcm-1-0-0")]
    [InlineData(".spec.replicas", "3")]
    [InlineData(".spec.paused", "false")]
    [InlineData(".spec.list[1]", "y")]
    public void A_text_a_number_or_a_boolean_is_a_value(string path, string value) =>
        Assert.Equal(new FieldValue(value, null), Read(Management, path));

    [Theory]
    [InlineData(".spec.version", "it has no field .spec.version")]
    [InlineData(".spec.empty", "it has no field .spec.empty")]
    [InlineData(".spec.core", ".spec.core is neither a text nor a number: Object")]
    [InlineData(".spec.list[*]", ".spec.list[*] leads to 2 fields")]
    [InlineData(".spec.release[0]", ".spec.release[0] does not fit it")]
    [InlineData(".spec.list[", ".spec.list[ is not a path")]
    public void A_field_that_is_not_one_value_is_a_problem(string path, string problem)
    {
        FieldValue found = Read(Management, path);

        Assert.Null(found.Text);
        Assert.StartsWith(problem, found.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".kubernetesVersion")]
    [InlineData("{.kubernetesVersion}")]
    public void A_field_within_the_YAML_of_a_text_is_a_value(string inner) => Assert.Equal(
        new FieldValue("v1.36.4", null), Read(KubeadmConfig, ".data.ClusterConfiguration", inner));

    [Theory]
    [InlineData(".data.ClusterConfiguration", ".version", "it has no field .version")]
    [InlineData(".data.broken", ".a", ".data.broken is not YAML: ")]
    [InlineData(".data.text", ".a", "it has no field .a")]
    [InlineData(".data.none", ".a", "it has no field .data.none")]
    public void A_text_without_that_field_is_a_problem(string path, string inner, string problem)
    {
        FieldValue found = Read(KubeadmConfig, path, inner);

        Assert.Null(found.Text);
        Assert.StartsWith(problem, found.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_has_a_greatest_length()
    {
        Assert.Equal(1024, FieldValue.LengthMax);
        Assert.Equal(1024, Read($$"""{"a":"{{new string('x', 1024)}}"}""", ".a").Text?.Length);
        Assert.Equal(
            ".a has 1025 characters, and a value has at most 1024",
            Read($$"""{"a":"{{new string('x', 1025)}}"}""", ".a").Problem);
    }

    private static FieldValue Read(string item, string field, string? inner = null) => FieldValue.Read(
        new WatchedField { ApiVersion = "v1", Kind = "ConfigMap", Name = "a", Field = field, Inner = inner },
        JsonNode.Parse(item)!.AsObject());
}
