using Xunit;

namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>The map in <c>docs/architecture.md</c> shows every folder of src, and no other.</summary>
public sealed class MapTests
{
    [Fact]
    public void The_map_shows_the_folders_of_src_and_no_others()
    {
        string source = Path.Combine(SourceTree.Root, "src");
        IEnumerable<string> folders = Directory.EnumerateDirectories(source)
            .SelectMany(project => SourceTree.Folders(project)
                .Select(folder => $"{Path.GetFileName(project)}/{folder}")
                .Append(Path.GetFileName(project)));

        Assert.Equal(folders.Order(StringComparer.Ordinal), Shown().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Tests_stand_where_their_subject_is()
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

    /// <summary>Where tests of a folder may be: under its project's short name, or beside its parent's.</summary>
    private static IEnumerable<string> TestFolders(string project, string folder)
    {
        string name = project == "EtcdBackupAgent" ? "" : $"{project["EtcdBackupAgent.".Length..]}/";
        yield return $"{name}{folder}";
        if (name.Length > 0)
        {
            yield return name.TrimEnd('/');
        }
    }

    /// <summary>A project stands two blanks in, a folder of it four, each with a '/' at its end.</summary>
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
