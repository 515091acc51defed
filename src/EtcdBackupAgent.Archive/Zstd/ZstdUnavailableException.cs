namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>
/// The installed libzstd is missing, too old, or does not support an option. The message explains what is required.
/// </summary>
public sealed class ZstdUnavailableException(string message) : NotSupportedException(message);
