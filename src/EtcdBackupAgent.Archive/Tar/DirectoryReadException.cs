using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>A directory to archive, or something in it, cannot be read; the message says why.</summary>
public sealed class DirectoryReadException(string path, string reason, Exception? innerException = null)
    : IOException($"Cannot read {FileName.Shown(path)}: {reason}", innerException)
{
    /// <summary>The file or directory that cannot be read.</summary>
    public string Path { get; } = path;
}
