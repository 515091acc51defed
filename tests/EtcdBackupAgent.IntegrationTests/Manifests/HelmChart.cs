using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>
/// Renders the chart of <c>manifests/helm</c>. It supports the part of Helm's language that the chart uses, and rejects
/// everything else: <c>.Values</c> and <c>.Release.Namespace</c> anywhere, and <c>if</c>, <c>if not</c>, <c>end</c> and
/// <c>toYaml … | nindent N</c> on a separate line.
/// </summary>
internal sealed partial class HelmChart(string releaseNamespace, JsonObject values)
{
    private const string Folder = "helm/etcd-backup-agent";

    /// <summary>Creates the chart with its default values and these changes.</summary>
    public static HelmChart With(string releaseNamespace, params (string Name, JsonNode Value)[] changes)
    {
        JsonObject values = ManifestFiles.Objects(ManifestFiles.Read($"{Folder}/values.yaml"))[0];
        foreach ((string name, JsonNode value) in changes)
        {
            values[name] = value;
        }

        return new HelmChart(releaseNamespace, values);
    }

    public IReadOnlyList<JsonObject> Render() =>
    [
        .. Directory.EnumerateFiles(ManifestFiles.At($"{Folder}/templates"), "*.yaml")
            .SelectMany(file => ManifestFiles.Objects(Render(File.ReadAllText(file)))),
    ];

    private string Render(string template)
    {
        Stack<bool> shown = new();
        List<string> lines = [];
        foreach (string line in template.Split('\n'))
        {
            if (ConditionPattern().Match(line) is { Success: true } condition)
            {
                shown.Push(IsTrue(Value(condition.Groups["value"].Value)) != condition.Groups["not"].Success);
            }
            else if (EndPattern().IsMatch(line))
            {
                shown.Pop();
            }
            else if (!shown.Contains(false))
            {
                lines.Add(Expand(line));
            }
        }

        return shown.Count == 0 ? string.Join('\n', lines) : throw new FormatException("An 'if' has no 'end'.");
    }

    private string Expand(string line)
    {
        if (YamlPattern().Match(line) is { Success: true } block)
        {
            // JSON is valid YAML and needs no indentation.
            int indent = int.Parse(block.Groups["indent"].Value, CultureInfo.InvariantCulture);
            return new string(' ', indent) + Value(block.Groups["value"].Value).ToJsonString();
        }

        string expanded = ValuePattern().Replace(line, match => Value(match.Groups["value"].Value).ToString());
        return expanded.Contains("{{", StringComparison.Ordinal)
            ? throw new FormatException($"'{line}' uses a feature of Helm that is not supported here.")
            : expanded;
    }

    private JsonNode Value(string path)
    {
        if (path == ".Release.Namespace")
        {
            return releaseNamespace;
        }

        object[] names = [.. path.Split('.').Skip(2)];
        return path.StartsWith(".Values.", StringComparison.Ordinal) && ManifestFiles.At(values, names) is { } value
            ? value
            : throw new FormatException($"'{path}' does not exist.");
    }

    private static bool IsTrue(JsonNode value) =>
        value.ToJsonString() is not ("false" or "\"\"" or "[]" or "{}" or "0");

    [GeneratedRegex(@"^ *\{\{- if (?<not>not )?(?<value>\.Values[\w.]+) \}\}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ConditionPattern();

    [GeneratedRegex(@"^ *\{\{- end \}\}$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EndPattern();

    [GeneratedRegex(
        @"^ *\{\{- toYaml (?<value>\.Values[\w.]+) \| nindent (?<indent>\d+) \}\}$",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex YamlPattern();

    [GeneratedRegex(@"\{\{ (?<value>\.(Values|Release)[\w.]+) \}\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ValuePattern();
}
