namespace EtcdBackupAgent.Core.Transfers;

/// <summary>How far a transfer has come. Reported often; whoever shows it thins it out.</summary>
/// <param name="Step">What is being transferred, as a phrase: <c>etcd database</c>, <c>certificates</c>.</param>
/// <param name="Bytes">Plain bytes so far.</param>
/// <param name="TotalBytes">Plain bytes in all; null if not known.</param>
public readonly record struct TransferProgress(string Step, long Bytes, long? TotalBytes);
