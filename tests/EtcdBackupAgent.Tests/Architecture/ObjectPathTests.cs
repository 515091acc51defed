using System.Text.RegularExpressions;
using Xunit;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>Objects of a cluster are read through the typed views of <c>Kubernetes/Objects</c>: a field's name stands
/// there once, and nowhere else does a string lead into an object. Building an object with an initializer is no
/// path.</summary>
public sealed partial class ObjectPathTests
{
    /// <summary>What is read elsewhere by names, and is not an object of a cluster.</summary>
    private static readonly string[] Exceptions =
    [
        // The views themselves.
        "EtcdBackupAgent.Kubernetes/Objects/",

        // The answer of the API server that something failed.
        "EtcdBackupAgent.Kubernetes/Api/ApiTransport.cs",

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
    public void No_string_leads_into_an_object_outside_of_its_view()
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
    public void Every_exception_is_still_one() => Assert.All(Exceptions, exception => Assert.Contains(
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
    public void A_path_is_noticed(string source, string? path = null) =>
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
    public void What_only_looks_like_one_is_none(string source) => Assert.Empty(PathsIn(source));

    private static IEnumerable<string> PathsIn(string source) =>
        PathPattern().Matches(CommentPattern().Replace(source, "")).Select(match => match.Value);

    private static IEnumerable<string> SourcesOf(string project) =>
        Directory.EnumerateFiles(Path.Combine(Root, project), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file))
            .Where(file => !GeneratedPattern().IsMatch(file));

    /// <summary>An element by a literal or a constant, and the calls that take a name. What stands before the bracket
    /// of an element is a value; before that of a list or of an initializer it is not.</summary>
    [GeneratedRegex(
        """
        (?<!new\s+|stackalloc\s+)\b\w[\w()]*(?<!Groups|\()[!?]?\[\s*(?:[$@]*"[^"\n]*"|[A-Z]\w*(?:\.[A-Z]\w*)*)\s*\]
        |ObjectFields\.\w+\(|TryGetPropertyValue\(|\bGetProperty\(|ContainsKey\(\s*"|\.Remove\(\s*"
        """,
        RegexOptions.ExplicitCapture | RegexOptions.IgnorePatternWhitespace,
        1000)]
    private static partial Regex PathPattern();

    /// <summary>A line's comment, but not the slashes of an address.</summary>
    [GeneratedRegex(@"(?<=^|\s)//[^\n]*", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex CommentPattern();

    [GeneratedRegex("(^|/)(obj|bin)/", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex GeneratedPattern();
}
