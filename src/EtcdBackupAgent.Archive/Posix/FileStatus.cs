using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Posix;

/// <summary>The type of a file; the values are those of inode(7).</summary>
internal enum FileKind
{
    Fifo = 0x1,
    CharacterDevice = 0x2,
    Directory = 0x4,
    BlockDevice = 0x6,
    RegularFile = 0x8,
    SymbolicLink = 0xA,
    Socket = 0xC,
}

/// <summary>
/// Type, owner, size and modification time of a file. If two statuses are equal, they are of the same file, and it did
/// not change in between.
/// </summary>
internal sealed record FileStatus
{
    private const int ModeBits = 0xFFF;
    private const int KindShift = 12;

    public required FileKind Kind { get; init; }

    public required UnixFileMode Mode { get; init; }

    public required uint User { get; init; }

    public required uint Group { get; init; }

    public required long SizeBytes { get; init; }

    public required FileTime Modified { get; init; }

    public required (uint Major, uint Minor, ulong Inode) Identity { get; init; }

    /// <summary>
    /// Reads the status of the name itself, not of the target of a symbolic link. Returns null if the name does not
    /// exist.
    /// </summary>
    /// <exception cref="IOException">The status cannot be read; the message is the system's.</exception>
    public static FileStatus? OfName(string path)
    {
        int result = LinuxCalls.Status(
            LinuxCalls.CurrentDirectory,
            path,
            LinuxCalls.SymbolicLinkItself,
            LinuxCalls.BasicStatus,
            out LinuxCalls.StatusBuffer status);
        return result == 0 ? From(status)
            : Marshal.GetLastPInvokeError() == Errno.NoSuchEntry ? null
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>Reads the status of an open file.</summary>
    /// <exception cref="IOException">The status cannot be read; the message is the system's.</exception>
    public static FileStatus OfOpenFile(SafeFileHandle file)
    {
        int result = LinuxCalls.Status(
            file, "", LinuxCalls.EmptyPath, LinuxCalls.BasicStatus, out LinuxCalls.StatusBuffer status);
        return result == 0 ? From(status) : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    private static FileStatus From(LinuxCalls.StatusBuffer status) => new()
    {
        Kind = (FileKind)(status.Mode >> KindShift),
        Mode = (UnixFileMode)(status.Mode & ModeBits),
        User = status.User,
        Group = status.Group,
        SizeBytes = status.SizeBytes,
        Modified = new FileTime(status.ModifiedSeconds, status.ModifiedNanoseconds),
        Identity = (status.DeviceMajor, status.DeviceMinor, status.Inode),
    };
}
