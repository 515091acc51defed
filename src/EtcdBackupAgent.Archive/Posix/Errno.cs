namespace EtcdBackupAgent.Archive.Posix;

/// <summary>
/// Errors of the kernel, by their numbers on Linux (errno(3)). An <see cref="IOException"/> of the platform has the
/// number as its HResult.
/// </summary>
public static class Errno
{
    public const int NotPermitted = 1;
    public const int NoSuchEntry = 2;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int IsDirectory = 21;
    public const int InvalidArgument = 22;
    public const int NoSpace = 28;
    public const int ReadOnlyFileSystem = 30;
    public const int NotImplemented = 38;
    public const int DirectoryNotEmpty = 39;
    public const int NotSupported = 95;
    public const int QuotaExceeded = 122;
}
