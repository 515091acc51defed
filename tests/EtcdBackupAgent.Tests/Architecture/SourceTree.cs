namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>The source tree of the tests.</summary>
internal static class SourceTree
{
    /// <summary>The root: the directory with the solution.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>
    /// Returns the relative paths of the directories with sources below a directory, separated by '/'.
    /// </summary>
    public static IEnumerable<string> Folders(string directory) => Directory
        .EnumerateFiles(directory, "*", SearchOption.AllDirectories)
        .Where(file => Path.GetExtension(file) is ".cs" or ".proto")
        .Select(file => Path.GetRelativePath(directory, Path.GetDirectoryName(file)!))
        .Where(folder => folder.Split('/')[0] is not ("." or "bin" or "obj"))
        .Distinct(StringComparer.Ordinal);

    private static string FindRoot(string directory) =>
        File.Exists(Path.Combine(directory, "EtcdBackupAgent.sln"))
            ? directory
            : FindRoot(Path.GetDirectoryName(directory)
                ?? throw new DirectoryNotFoundException("The tests were not built in the repository."));
}
