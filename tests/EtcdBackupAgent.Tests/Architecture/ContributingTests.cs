using System.Text.RegularExpressions;
using Xunit;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>
/// The worked examples of <c>docs/contributing.md</c> list the files that contain the name of the example. A block that
/// begins with <c>```files PATTERN</c> is compared with a search for the pattern.
/// </summary>
public sealed class ContributingTests
{
    private const string FenceOfFiles = "```files ";

    private static readonly string[] Searched = ["docs", "manifests", "src"];

    public static TheoryData<string, string[]> Examples
    {
        get
        {
            TheoryData<string, string[]> examples = [];
            string[] lines = File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "contributing.md"));
            for (int i = 0; i < lines.Length; i++)
            {
                if (lines[i].StartsWith(FenceOfFiles, StringComparison.Ordinal))
                {
                    examples.Add(
                        lines[i][FenceOfFiles.Length..], [.. lines[(i + 1)..].TakeWhile(line => line != "```")]);
                }
            }

            return examples;
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_lists_every_file_that_contains_its_name(string pattern, string[] files)
    {
        Regex named = new(pattern, RegexOptions.IgnoreCase | RegexOptions.NonBacktracking);

        IEnumerable<string> found = Searched
            .SelectMany(directory => Directory.EnumerateFiles(
                Path.Combine(SourceTree.Root, directory), "*", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(SourceTree.Root, file))
            .Where(file => !file.Split('/').Any(name => name is "bin" or "obj"))
            .Where(file => named.IsMatch(File.ReadAllText(Path.Combine(SourceTree.Root, file))));

        Assert.Equal(files, found.Order(StringComparer.Ordinal));
    }
}
