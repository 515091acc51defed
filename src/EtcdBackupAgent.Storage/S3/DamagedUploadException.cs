namespace EtcdBackupAgent.Storage.S3;

/// <summary>The store has other bytes than those that were sent; the message contains both digests.</summary>
internal sealed class DamagedUploadException(string message) : Exception(message);
