namespace EtcdBackupAgent.Core.Archiving;

/// <summary>
/// A log cannot be continued without a hole or without doubt, so a new lineage must begin. The message is the reason,
/// as a sentence without a full stop.
/// </summary>
internal sealed class LogBrokenException(string reason, Exception? inner = null) : Exception(reason, inner);
