using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>A directory to archive, or an entry in it, cannot be read. The message contains the reason.</summary>
public sealed class DirectoryReadException(string path, string reason, Exception? innerException = null)
    : IOException($"Cannot read {FileName.Shown(path)}: {reason}", innerException)
{
    /// <summary>The file or directory that cannot be read.</summary>
    public string Path { get; } = path;
}
