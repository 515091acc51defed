using System.IO.Enumeration;
using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Testing.Directories;

/// <summary>A directory of a test's own, gone after it, whatever modes the test gave to what is in it.</summary>
public sealed class TestDirectory : IDisposable
{
    private const UnixFileMode OwnerAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public TestDirectory() => Path = Directory.CreateTempSubdirectory("eba-test-").FullName;

    /// <summary>Absolute, without a trailing separator.</summary>
    public string Path { get; }

    /// <summary>The path of something in the directory, there or not.</summary>
    public string this[string relativePath] => System.IO.Path.Combine(Path, relativePath);

    /// <summary>Makes a directory below this one.</summary>
    /// <returns>Its absolute path.</returns>
    public string Create(string relativePath) => Directory.CreateDirectory(this[relativePath]).FullName;

    /// <summary>
    /// What lies below and is no directory: paths relative to this one, in ordinal order. Links are not followed.
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

    /// <summary>Removes the directory and all that is in it; links are removed, not followed.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            OpenUp(Path);
            DirectoryTree.Remove(Path);
        }
    }

    /// <summary>
    /// A directory must be writable and searchable before what is in it can be removed; a file's mode does not matter.
    /// </summary>
    private static void OpenUp(string directory)
    {
        FileStatus status = FileStatus.OfName(directory)!;
        LinuxError.Check(LinuxCalls.ChangeMode(directory, (uint)(status.Mode | OwnerAll)), directory);
        foreach (string name in DirectoryTree.Names(directory))
        {
            string child = System.IO.Path.Join(directory, name);
            if (FileStatus.OfName(child) is { Kind: FileKind.Directory })
            {
                OpenUp(child);
            }
        }
    }
}
