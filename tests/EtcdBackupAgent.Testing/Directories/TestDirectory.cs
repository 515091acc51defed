using System.IO.Enumeration;
using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Testing.Directories;

/// <summary>A temporary directory for one test. Disposal removes it, whatever modes its files have.</summary>
public sealed class TestDirectory : IDisposable
{
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates it among the temporary files.</summary>
    public TestDirectory() => Path = Directory.CreateTempSubdirectory("eba-test-").FullName;

    /// <summary>Creates it in an existing directory.</summary>
    public TestDirectory(string parent)
    {
        string name = $"eba-test-{System.IO.Path.GetRandomFileName()}";
        Path = Directory.CreateDirectory(System.IO.Path.Combine(parent, name)).FullName;
    }

    /// <summary>Absolute, without a trailing separator.</summary>
    public string Path { get; }

    /// <summary>The absolute path of an entry of the directory. The entry may be missing.</summary>
    public string this[string relativePath] => System.IO.Path.Combine(Path, relativePath);

    /// <summary>Creates a directory below this one.</summary>
    /// <returns>The absolute path of the new directory.</returns>
    public string Create(string relativePath) => Directory.CreateDirectory(this[relativePath]).FullName;

    /// <summary>
    /// Lists all entries below this directory that are not directories: relative paths in ordinal order. Links are not
    /// followed.
    /// </summary>
    public IReadOnlyList<string> Files()
    {
        FileSystemEnumerable<string> files = new(
            Path,
            (ref FileSystemEntry entry) => System.IO.Path.GetRelativePath(Path, entry.ToFullPath()),
            new EnumerationOptions
            {
                RecurseSubdirectories = true,
                AttributesToSkip = FileAttributes.None,
                IgnoreInaccessible = false,
            })
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory || IsLink(ref entry),
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry),
        };
        return [.. files.Order(StringComparer.Ordinal)];

        static bool IsLink(ref FileSystemEntry entry) => entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
    }

    /// <summary>Removes the directory with its content. Links are removed, not followed.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            MakeRemovable(Path);
            DirectoryTree.Remove(Path);
        }
    }

    /// <summary>
    /// Makes all directories writable and searchable, which the removal of their entries needs. The mode of a file does
    /// not matter.
    /// </summary>
    private static void MakeRemovable(string directory)
    {
        FileStatus status = FileStatus.OfName(directory)!;
        LinuxError.Check(LinuxCalls.ChangeMode(directory, (uint)(status.Mode | OwnerAll)), directory);
        foreach (string name in DirectoryTree.Names(directory))
        {
            string child = System.IO.Path.Join(directory, name);
            if (FileStatus.OfName(child) is { Kind: FileKind.Directory })
            {
                MakeRemovable(child);
            }
        }
    }
}
