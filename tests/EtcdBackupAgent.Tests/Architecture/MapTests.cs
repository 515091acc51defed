using Xunit;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>The map in <c>docs/architecture.md</c> contains exactly the folders of src.</summary>
public sealed class MapTests
{
    [Fact]
    public void The_map_contains_exactly_the_folders_of_src()
    {
        string source = Path.Combine(SourceTree.Root, "src");
        IEnumerable<string> folders = Directory.EnumerateDirectories(source)
            .SelectMany(project => SourceTree.Folders(project)
                .Select(folder => $"{Path.GetFileName(project)}/{folder}")
                .Append(Path.GetFileName(project)));

        Assert.Equal(folders.Order(StringComparer.Ordinal), Shown().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Tests_are_in_the_folder_of_their_subject()
    {
        string source = Path.Combine(SourceTree.Root, "src");
        string tests = Path.Combine(SourceTree.Root, "tests", "EtcdBackupAgent.Tests");
        string[] allowed =
        [
            .. Directory.EnumerateDirectories(source).SelectMany(project => SourceTree.Folders(project)
                .SelectMany(folder => TestFolders(Path.GetFileName(project), folder))),
            "Architecture", "Core/Faults",
        ];

        Assert.Empty(SourceTree.Folders(tests)
            .Where(folder => !folder.StartsWith("Testing/", StringComparison.Ordinal))
            .Except(allowed));
    }

    /// <summary>
    /// Returns the folders for the tests of a folder: below the short name of its project, or that folder itself.
    /// </summary>
    private static IEnumerable<string> TestFolders(string project, string folder)
    {
        string name = project == "EtcdBackupAgent" ? "" : $"{project["EtcdBackupAgent.".Length..]}/";
        yield return $"{name}{folder}";
        if (name.Length > 0)
        {
            yield return name.TrimEnd('/');
        }
    }

    /// <summary>
    /// Reads the map. A project is indented by two blanks, its folders by four, and each ends with '/'.
    /// </summary>
    private static IEnumerable<string> Shown()
    {
        string project = "";
        foreach (string line in File.ReadLines(Path.Combine(SourceTree.Root, "docs", "architecture.md"))
            .SkipWhile(line => line != "src/").TakeWhile(line => line != "tests/"))
        {
            string word = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault("");
            bool isProject = line.StartsWith("  EtcdBackupAgent", StringComparison.Ordinal);
            bool isFolder = line.StartsWith("    ", StringComparison.Ordinal) && word.EndsWith('/');
            project = isProject ? word : isFolder ? project : "";
            if (project.Length > 0)
            {
                yield return isProject ? project : $"{project}/{word.TrimEnd('/')}";
            }
        }
    }
}
