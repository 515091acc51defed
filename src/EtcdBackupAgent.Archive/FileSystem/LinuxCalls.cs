using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.FileSystem;

/// <summary>System calls that .NET does not offer. Each returns -1 and sets the last error when it fails.</summary>
internal static partial class LinuxCalls
{
    public const int CurrentDirectory = -100;
    public const int SymbolicLinkItself = 0x100;
    public const int EmptyPath = 0x1000;
    public const uint BasicStatus = 0x7FF;

    public const int ReadWrite = 2;
    public const int CloseOnExec = 0x80000;
    public const int Temporary = 0x410000; // O_TMPFILE

    public const int NotPermitted = 1;
    public const int NoSuchEntry = 2;
    public const int AccessDenied = 13;

    private const string LibraryName = "libc";

    /// <summary>open(2), with the mode of a file that is made.</summary>
    [LibraryImport(LibraryName, EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial SafeFileHandle Open(string path, int flags, uint mode);

    /// <summary>statx(2): unlike stat(2), one layout on every architecture.</summary>
    [LibraryImport(LibraryName, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Status(int directory, string path, int flags, uint mask, out StatusBuffer status);

    [LibraryImport(LibraryName, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Status(SafeFileHandle file, string path, int flags, uint mask, out StatusBuffer status);

    /// <summary>mkdir(2): unlike <see cref="Directory.CreateDirectory(string)"/>, fails if anything has the name.</summary>
    [LibraryImport(LibraryName, EntryPoint = "mkdir", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int MakeDirectory(string path, uint mode);

    /// <summary>link(2): does not follow a symbolic link at <paramref name="existing"/>.</summary>
    [LibraryImport(LibraryName, EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int MakeHardLink(string existing, string path);

    /// <summary>lchown(2): of a symbolic link itself, never of what it points to.</summary>
    [LibraryImport(LibraryName, EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int ChangeOwner(string path, uint user, uint group);

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
