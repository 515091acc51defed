using System.Text.RegularExpressions;
using EtcdBackupAgent.Observability.Prometheus;
using Xunit;

namespace EtcdBackupAgent.Tests.Observability;

/// <summary>
/// Compares <c>docs/monitoring.md</c> and <c>manifests/monitoring</c> with the metrics that exist.
/// </summary>
public sealed partial class DocumentedMetricsTests
{
    [Fact]
    public void The_page_lists_every_metric_with_its_type_and_labels()
    {
        using MeasuredAgent agent = new();
        agent.RecordAll();

        string[] documented =
        [
            .. Row().Matches(Text("docs", "monitoring.md"))
                .Select(row => $"{row.Groups["name"]} {row.Groups["type"]} {row.Groups["labels"].Value.Trim()}"),
        ];

        Assert.Equal(
            agent.Families.Select(Described).Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("prometheusrule.yaml")]
    [InlineData("dashboard.json")]
    public void Alerts_and_the_dashboard_name_only_existing_metrics(string file)
    {
        using MeasuredAgent agent = new();
        agent.RecordAll();
        HashSet<string> known =
        [
            .. agent.Families.SelectMany(family => family.Samples.Select(sample => family.Name + sample.Suffix)),
        ];

        string[] named = [.. Name().Matches(Text("manifests", file)).Select(match => match.Value).Distinct()];

        Assert.NotEmpty(named);
        Assert.Empty(named.Except(known));
    }

    private static string Described(MetricFamily family)
    {
        IEnumerable<string> labels = family.Samples[0].Labels.Select(label => label.Key).Where(label => label != "le");
        return $"{family.Name} {family.Type.ToString().ToLowerInvariant()} {string.Join(", ", labels)}";
    }

    private static string Text(string folder, string file) =>
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, folder, file));

    [GeneratedRegex(
        @"^\| `(?<name>[a-z_]+)` \| (?<type>[a-z]+) \|(?<labels>[^|]*)\|",
        RegexOptions.Multiline | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Row();

    [GeneratedRegex(@"(kubedr_num|kubedr_backup|etcd_backup_agent)_[a-z_]+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();
}
