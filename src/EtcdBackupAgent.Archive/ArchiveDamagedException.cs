namespace EtcdBackupAgent.Archive;

/// <summary>
/// The stored bytes do not follow their format: they are truncated, changed, or followed by other data. The message
/// gives the fault and its byte offset in the layer that was read (compressed bytes for zstd, plain bytes for tar).
/// </summary>
public sealed class ArchiveDamagedException(string message, Exception? innerException = null)
    : IOException(message, innerException);
