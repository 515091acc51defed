namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>A TLS connection failed. The message has the cause that was found.</summary>
internal sealed class HandshakeException(string message, string hint, Exception innerException)
    : Exception(message, innerException)
{
    public string Hint { get; } = hint;
}
