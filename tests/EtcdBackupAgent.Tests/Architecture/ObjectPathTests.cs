using System.Text.RegularExpressions;
using Xunit;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>
/// Objects of a cluster are read through the typed views of <c>Kubernetes/Objects</c>. They contain the name of each
/// field once, and no other code reads a field by a string. An object initializer is allowed.
/// </summary>
public sealed partial class ObjectPathTests
{
    /// <summary>Code that reads fields by name from other data than objects of a cluster.</summary>
    private static readonly string[] Exceptions =
    [
        // The views themselves.
        "EtcdBackupAgent.Kubernetes/Objects/",

        // The error response of the API server.
        "EtcdBackupAgent.Kubernetes/Api/ApiTransport.cs",

        // What an API server serves.
        "EtcdBackupAgent.Kubernetes/Api/Discovery.cs",

        // One line of a watch, around an object.
        "EtcdBackupAgent.Kubernetes/Api/Watching/WatchEvent.cs",

        // The output of a credential plugin.
        "EtcdBackupAgent.Kubernetes/Api/Access/ExecCredentials.cs",

        // Documents that the program prints.
        "EtcdBackupAgent/Output/",
    ];

    private static readonly string[] Projects = ["EtcdBackupAgent.Kubernetes", "EtcdBackupAgent"];

    private static readonly string Root = Path.Combine(SourceTree.Root, "src");

    [Fact]
    public void No_code_outside_the_views_reads_a_field_by_a_string()
    {
        string[] files = [.. Projects.SelectMany(SourcesOf)];
        Assert.Contains("EtcdBackupAgent.Kubernetes/Controllers/PolicyReconciler.cs", files);
        Assert.Contains("EtcdBackupAgent/Worker/ClusterPolicies.cs", files);

        string[] paths =
        [
            .. files.Where(file => !Array.Exists(Exceptions, one => file.StartsWith(one, StringComparison.Ordinal)))
                .SelectMany(file =>
                    PathsIn(File.ReadAllText(Path.Combine(Root, file))).Select(path => $"{file}: {path}")),
        ];

        Assert.True(paths.Length == 0, string.Join('\n', paths));
    }

    [Fact]
    public void Every_exception_is_still_needed() => Assert.All(Exceptions, exception => Assert.Contains(
        Projects.SelectMany(SourcesOf).Where(file => file.StartsWith(exception, StringComparison.Ordinal)),
        file => PathsIn(File.ReadAllText(Path.Combine(Root, file))).Any()));

    [Theory]
    [InlineData("string? name = item[\"metadata\"]")]
    [InlineData("item?[\"status\"]?[field]", "item?[\"status\"]")]
    [InlineData("bound.Document![ \"spec\" ]", "Document![ \"spec\" ]")]
    [InlineData("status[\"initStatus\"] = \"Completed\";", "status[\"initStatus\"]")]
    [InlineData("Find(item)[PolicyStatus.VerifiedTime]", "Find(item)[PolicyStatus.VerifiedTime]")]
    [InlineData("status[Field]", "status[Field]")]
    [InlineData("ObjectFields.Text(policy, path)", "ObjectFields.Text(")]
    [InlineData("item.TryGetPropertyValue(\"spec\", out JsonNode? spec)", "TryGetPropertyValue(")]
    [InlineData("status.Remove(\"initErrorMessage\");", ".Remove(\"")]
    [InlineData("status.ContainsKey(\"pinned\")", "ContainsKey(\"")]
    public void A_path_is_detected(string source, string? path = null) =>
        Assert.Contains(Assert.Single(PathsIn(source)), path ?? source, StringComparison.Ordinal);

    [Theory]
    [InlineData("new JsonObject { [\"spec\"] = specification, [ClusterNames.TypeLabel] = \"backup\" }")]
    [InlineData("specification.Add(\"timeZone\", zone);")]
    [InlineData("string[] names = [\"Ready\"]; foreach (string type in (string[])[\"Ready\"])")]
    [InlineData("// A comment on item[\"status\"].")]
    [InlineData("/// <c>item[\"status\"]</c>")]
    [InlineData("match.Groups[\"bucket\"].Value")]
    [InlineData("Span<char> typed = stackalloc char[CharactersMax]; byte[] bytes = new byte[BytesMax];")]
    [InlineData("jobs[kept.Name], active[job.Name]")]
    [InlineData("ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)")]
    public void Similar_code_is_not_detected_as_a_path(string source) => Assert.Empty(PathsIn(source));

    private static IEnumerable<string> PathsIn(string source) =>
        PathPattern().Matches(CommentPattern().Replace(source, "")).Select(match => match.Value);

    private static IEnumerable<string> SourcesOf(string project) =>
        Directory.EnumerateFiles(Path.Combine(Root, project), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file))
            .Where(file => !GeneratedPattern().IsMatch(file));

    /// <summary>Matches an element access with a literal or a constant, and calls with a name. Before the bracket of an
    /// element access there is a value; before that of a list or an initializer there is none.</summary>
    [GeneratedRegex(
        """
        (?<!new\s+|stackalloc\s+)\b\w[\w()]*(?<!Groups|\()[!?]?\[\s*(?:[$@]*"[^"\n]*"|[A-Z]\w*(?:\.[A-Z]\w*)*)\s*\]
        |ObjectFields\.\w+\(|TryGetPropertyValue\(|\bGetProperty\(|ContainsKey\(\s*"|\.Remove\(\s*"
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace,
        1000)]
    private static partial Regex PathPattern();

    /// <summary>Matches a line comment, but not the slashes of a URL.</summary>
    [GeneratedRegex(@"(?<=^|\s)//[^\n]*", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex CommentPattern();

    [GeneratedRegex("(^|/)(obj|bin)/", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex GeneratedPattern();
}
