using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// System calls that .NET does not offer, or offers only for names in UTF-8 (<see cref="FileName"/>). Unless its
/// comment differs, a call returns -1 and sets the last error on failure.
/// </summary>
internal static partial class LinuxCalls
{
    public const int CurrentDirectory = -100;
    public const int SymbolicLinkItself = 0x100;
    public const int EmptyPath = 0x1000;
    public const uint BasicStatus = 0x7FF;

    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int Directory = 0x10000;
    public const int NonBlocking = 0x800; // opening a fifo does not wait for a writer
    public const int CloseOnExec = 0x80000;
    public const int Temporary = 0x410000; // O_TMPFILE

    /// <summary>PATH_MAX of linux/limits.h, the NUL at the end included.</summary>
    public const int PathBytesMax = 4096;

    private const uint NoReplace = 1;
    private const string LibraryName = "libc";

    /// <summary>open(2). The mode applies to a file that is created.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "open",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial SafeFileHandle Open(string path, int flags, uint mode);

    /// <summary>statx(2): unlike stat(2), it has the same layout on every architecture.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "statx",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int Status(int directory, string path, int flags, uint mask, out StatusBuffer status);

    [LibraryImport(
        LibraryName,
        EntryPoint = "statx",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int Status(SafeFileHandle file, string path, int flags, uint mask, out StatusBuffer status);

    /// <summary>
    /// mkdir(2): unlike <see cref="Directory.CreateDirectory(string)"/>, it fails if the name exists.
    /// </summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "mkdir",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int MakeDirectory(string path, uint mode);

    /// <summary>link(2): does not follow a symbolic link at <paramref name="existing"/>.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "link",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int MakeHardLink(string existing, string path);

    /// <summary>lchown(2): changes a symbolic link itself, never its target.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "lchown",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    /// <summary>symlink(2).</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "symlink",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int MakeSymbolicLink(string target, string path);

    /// <summary>readlink(2): writes no NUL, and truncates a target that is longer than the buffer.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "readlink",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    private static partial nint ReadLink(string path, Span<byte> target, nuint length);

    /// <summary>utimensat(2): sets the access time and the modification time, in this order.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "utimensat",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int SetTimes(int directory, string path, ReadOnlySpan<FileTime> times, int flags);

    /// <summary>futimens(3): like <see cref="SetTimes(int, string, ReadOnlySpan{FileTime}, int)"/>.</summary>
    [LibraryImport(LibraryName, EntryPoint = "futimens", SetLastError = true)]
    public static partial int SetTimes(SafeFileHandle file, ReadOnlySpan<FileTime> times);

    /// <summary>chmod(2): follows a symbolic link.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "chmod",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int ChangeMode(string path, uint mode);

    /// <summary>rename(2): replaces a file or an empty directory that has the new name.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "rename",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int Rename(string from, string to);

    /// <summary>renameat2(2) with RENAME_NOREPLACE: fails if anything has the new name.</summary>
    public static int RenameToNew(string from, string to) =>
        RenameAt(CurrentDirectory, from, CurrentDirectory, to, NoReplace);

    /// <summary>unlink(2): a symbolic link itself, never what it points to.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "unlink",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int Unlink(string path);

    /// <summary>rmdir(2).</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "rmdir",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial int RemoveDirectory(string path);

    /// <summary>fsync(2).</summary>
    [LibraryImport(LibraryName, EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(SafeFileHandle file);

    /// <summary>sync_file_range(2).</summary>
    [LibraryImport(LibraryName, EntryPoint = "sync_file_range", SetLastError = true)]
    public static partial int SyncFileRange(SafeFileHandle file, long offset, long length, uint flags);

    /// <summary>
    /// posix_fadvise(2): the length 0 reaches to the end of the file. Returns the error; sets no last error.
    /// </summary>
    [LibraryImport(LibraryName, EntryPoint = "posix_fadvise")]
    public static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    /// <summary>readlink(2): the target of a symbolic link; null with a last error if there is none to read.</summary>
    public static string? LinkTarget(string path)
    {
        Span<byte> target = stackalloc byte[PathBytesMax];
        nint length = ReadLink(path, target, (nuint)target.Length);
        return length < 0 ? null : FileName.Decode(target[..(int)length]);
    }

    /// <summary>realpath(3): a buffer of <see cref="PathBytesMax"/>; 0 when it fails.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "realpath",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial nint RealPath(string path, Span<byte> real);

    /// <summary>opendir(3): returns 0 on failure.</summary>
    [LibraryImport(
        LibraryName,
        EntryPoint = "opendir",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    public static partial nint OpenDirectory(string path);

    /// <summary>
    /// readdir(3): returns a <c>struct dirent</c>, or 0 at the end and on failure. Only a failure sets the last error.
    /// </summary>
    [LibraryImport(LibraryName, EntryPoint = "readdir", SetLastError = true)]
    public static partial nint ReadDirectory(nint directory);

    /// <summary>closedir(3).</summary>
    [LibraryImport(LibraryName, EntryPoint = "closedir", SetLastError = true)]
    public static partial int CloseDirectory(nint directory);

    [LibraryImport(
        LibraryName,
        EntryPoint = "renameat2",
        StringMarshallingCustomType = typeof(FileNameMarshaller),
        SetLastError = true)]
    private static partial int RenameAt(int fromDirectory, string from, int toDirectory, string to, uint flags);

    /// <summary><c>struct statx</c> of linux/stat.h.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    public readonly struct StatusBuffer
    {
        [FieldOffset(20)]
        public readonly uint User;

        [FieldOffset(24)]
        public readonly uint Group;

        [FieldOffset(28)]
        public readonly ushort Mode;

        [FieldOffset(32)]
        public readonly ulong Inode;

        [FieldOffset(40)]
        public readonly long SizeBytes;

        [FieldOffset(112)]
        public readonly long ModifiedSeconds;

        [FieldOffset(120)]
        public readonly uint ModifiedNanoseconds;

        [FieldOffset(136)]
        public readonly uint DeviceMajor;

        [FieldOffset(140)]
        public readonly uint DeviceMinor;
    }
}
