namespace EtcdBackupAgent.Core.Transfers;

/// <summary>The progress of a transfer. It is reported often; the receiver decides how often to show it.</summary>
/// <param name="Step">The content that is transferred, as a phrase: <c>etcd database</c>, <c>certificates</c>.</param>
/// <param name="Bytes">Plain bytes transferred so far.</param>
/// <param name="TotalBytes">Plain bytes in total; null if not known.</param>
public readonly record struct TransferProgress(string Step, long Bytes, long? TotalBytes);
