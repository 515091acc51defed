namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>The machine's libzstd is missing, too old, or lacks what was asked of it; the message says what to install.</summary>
public sealed class ZstdUnavailableException(string message) : NotSupportedException(message);
