using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Lists, removes and moves entries of directories. Names may contain any bytes; <see cref="FileName"/> converts them
/// to text.
/// </summary>
public static class DirectoryTree
{
    /// <summary>The offset of the name in <c>struct dirent</c> on every 64-bit Linux.</summary>
    private const int NameOffset = 19;

    /// <summary>Returns the names in a directory, in ordinal order, without <c>.</c> and <c>..</c>.</summary>
    /// <exception cref="IOException">The directory cannot be read. The message is the system's.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read the directory.</exception>
    public static IReadOnlyList<string> Names(string directory)
    {
        nint stream = LinuxCalls.OpenDirectory(directory);
        if (stream == 0)
        {
            throw LinuxError.Last(directory);
        }

        try
        {
            List<string> names = [];
            while (LinuxCalls.ReadDirectory(stream) is not 0 and nint entry)
            {
                if (NameOf(entry) is not ("." or "..") and string name)
                {
                    names.Add(name);
                }
            }

            if (Marshal.GetLastPInvokeError() != 0)
            {
                throw LinuxError.Last(directory);
            }

            names.Sort(StringComparer.Ordinal);
            return names;
        }
        finally
        {
            _ = LinuxCalls.CloseDirectory(stream);
        }
    }

    /// <summary>
    /// Removes a file, or a directory with everything in it. Removes symbolic links and never follows them.
    /// </summary>
    /// <exception cref="IOException">An entry cannot be removed. The message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not remove an entry.</exception>
    public static void Remove(string path)
    {
        if (FileStatus.OfName(path) is not { Kind: FileKind.Directory })
        {
            LinuxError.Check(LinuxCalls.Unlink(path), path);
            return;
        }

        foreach (string name in Names(path))
        {
            Remove(Path.Join(path, name));
        }

        LinuxError.Check(LinuxCalls.RemoveDirectory(path), path);
    }

    /// <summary>Renames a file or directory on the same file system.</summary>
    /// <exception cref="IOException">The new name already exists, or the entry cannot be moved.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not move the entry.</exception>
    public static void Move(string from, string to)
    {
        if (FileStatus.OfName(to) is not null)
        {
            throw new IOException($"The name already exists: '{FileName.Shown(to)}'");
        }

        LinuxError.Check(LinuxCalls.Rename(from, to), to);
    }

    private static unsafe string NameOf(nint entry) =>
        FileName.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)entry + NameOffset));
}
