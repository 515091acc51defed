namespace EtcdBackupAgent.Archive;

/// <summary>
/// Stored bytes are not what a writer of their format writes: cut short, changed, or followed by something else. The message
/// says what is wrong and at which byte offset of the layer that was read (compressed bytes for zstd, plain bytes for tar).
/// </summary>
public sealed class ArchiveDamagedException(string message, Exception? innerException = null)
    : IOException(message, innerException);
