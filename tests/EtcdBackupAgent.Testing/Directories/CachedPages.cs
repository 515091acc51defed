using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Testing.Directories;

/// <summary>Counts the pages of a file that the kernel has in memory.</summary>
public static partial class CachedPages
{
    private const int KernelPageBytes = 4096;

    /// <summary>
    /// Returns a directory on a file system that can drop pages: temporary files may be in memory, where they stay.
    /// </summary>
    public static TestDirectory DirectoryOnDisk()
    {
        string[] places = [Path.GetTempPath(), "/var/tmp", AppContext.BaseDirectory];
        return new TestDirectory(places.First(place => new DriveInfo(place).DriveFormat is not ("tmpfs" or "ramfs")));
    }

    /// <summary>Returns the bytes of these pages. A file that is mapped is not read by that.</summary>
    public static long BytesOf(string path)
    {
        long length = new FileInfo(path).Length;
        if (length == 0)
        {
            return 0;
        }

        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using MemoryMappedFile mapped = MemoryMappedFile.CreateFromFile(
            file, mapName: null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        using MemoryMappedViewAccessor view = mapped.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        byte[] pages = new byte[(length + KernelPageBytes - 1) / KernelPageBytes];
        LinuxError.Check(
            InMemory(view.SafeMemoryMappedViewHandle.DangerousGetHandle(), (nuint)length, pages), path);
        return pages.Count(page => (page & 1) != 0) * (long)KernelPageBytes;
    }

    /// <summary>mincore(2): the lowest bit of each byte.</summary>
    [LibraryImport("libc", EntryPoint = "mincore", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int InMemory(nint address, nuint length, Span<byte> pages);
}
