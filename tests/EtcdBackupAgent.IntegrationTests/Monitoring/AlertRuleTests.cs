using System.Text.Json;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Xunit;
using YamlDotNet.Serialization;

namespace EtcdBackupAgent.IntegrationTests.Monitoring;

/// <summary>The shipped alerts, checked by promtool.</summary>
public sealed class AlertRuleTests : IDisposable
{
    private static readonly string Shipped = Path.Combine(AppContext.BaseDirectory, "manifests", "monitoring");

    private readonly TestDirectory _directory = new();

    public AlertRuleTests() => File.WriteAllText(_directory["rules.yaml"], Spec());

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Promtool_accepts_the_rules()
    {
        ToolResult result = await Tool.RunAsync(Peers.Promtool, ["check", "rules", _directory["rules.yaml"]]);

        Assert.Contains("SUCCESS: 9 rules found", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_alerts_fire_exactly_when_they_should()
    {
        string test = _directory["rules-test.yaml"];
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Monitoring", "rules-test.yaml"), test);

        ToolResult result = await Tool.RunAsync(Peers.Promtool, ["test", "rules", test]);

        Assert.True(result.ExitCode == 0, $"{result.StandardOutput}{result.StandardError}");
    }

    [Fact]
    public void The_plain_file_has_the_same_rules() =>
        Assert.Equal(Spec(), Json(File.ReadAllText(Path.Combine(Shipped, "prometheus-rules.yaml"))));

    /// <summary>The part of the PrometheusRule in Prometheus' own format, as JSON, which is also YAML.</summary>
    private static string Spec()
    {
        string yaml = File.ReadAllText(Path.Combine(Shipped, "prometheusrule.yaml"));
        using JsonDocument rule = JsonDocument.Parse(Json(yaml));
        return $"{rule.RootElement.GetProperty("spec").GetRawText()}\n";
    }

    private static string Json(string yaml) =>
        new SerializerBuilder().JsonCompatible().Build()
            .Serialize(new DeserializerBuilder().Build().Deserialize<object>(yaml));
}
