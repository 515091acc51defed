namespace EtcdBackupAgent.Tests.Architecture;

/// <summary>The repository that the tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>Its root: the directory that holds the solution.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>The directories below one that hold sources, relative to it, with '/' between the names.</summary>
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
