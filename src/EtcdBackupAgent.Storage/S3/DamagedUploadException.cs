namespace EtcdBackupAgent.Storage.S3;

/// <summary>The store says that it has other bytes than were sent; the message gives both digests.</summary>
internal sealed class DamagedUploadException(string message) : Exception(message);
