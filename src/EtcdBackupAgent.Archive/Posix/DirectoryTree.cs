using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>What is in directories, whatever the bytes of the names: texts as <see cref="FileName"/> makes
/// them.</summary>
public static class DirectoryTree
{
    /// <summary>Where the name begins in <c>struct dirent</c>, on every Linux of 64 bits.</summary>
    private const int NameOffset = 19;

    /// <summary>The names in a directory, in ordinal order, without <c>.</c> and <c>..</c>.</summary>
    /// <exception cref="IOException">It cannot be read; the message is the system's.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not read it.</exception>
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

    /// <summary>Removes a file, or a directory with all that is in it; symbolic links are removed, never
    /// followed.</summary>
    /// <exception cref="IOException">Something stays; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not remove it.</exception>
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

    /// <summary>Gives a file or directory another name on the same file system.</summary>
    /// <exception cref="IOException">There is something of that name already, or it cannot be moved.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    public static void Move(string from, string to)
    {
        if (FileStatus.OfName(to) is not null)
        {
            throw new IOException($"There is something of this name already: '{FileName.Shown(to)}'");
        }

        LinuxError.Check(LinuxCalls.Rename(from, to), to);
    }

    private static unsafe string NameOf(nint entry) =>
        FileName.Decode(MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)entry + NameOffset));
}
