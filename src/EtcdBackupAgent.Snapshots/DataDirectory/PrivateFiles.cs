namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// Files and directories that only their owner may read, and that are on the disk before anybody relies on them.
/// </summary>
public static class PrivateFiles
{
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode DirectoryMode = FileMode | UnixFileMode.UserExecute;

    /// <summary>Creates a directory and its missing parents. The mode of an existing one is not changed.</summary>
    public static void CreateDirectory(string path) => Directory.CreateDirectory(path, DirectoryMode);

    /// <summary>Creates a file. It must not exist yet.</summary>
    public static FileStream Create(string path, long preallocationBytes = 0) => new(path, new FileStreamOptions
    {
        Mode = System.IO.FileMode.CreateNew,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        UnixCreateMode = FileMode,
        PreallocationSize = preallocationBytes,
        BufferSize = 0,
    });

    /// <summary>
    /// Creates a file with these bytes, followed by zeros up to a length, and flushes it to the disk.
    /// </summary>
    public static void Write(string path, ReadOnlySpan<byte> bytes, long lengthBytes)
    {
        using FileStream file = Create(path, lengthBytes);
        file.SetLength(lengthBytes);
        RandomAccess.Write(file.SafeFileHandle, bytes, 0);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
    }
}
