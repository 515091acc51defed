namespace EtcdBackupAgent.Etcd.Tls;

/// <summary>A TLS connection that did not come about, with the cause that we found.</summary>
internal sealed class HandshakeException(string message, string hint, Exception innerException)
    : Exception(message, innerException)
{
    public string Hint { get; } = hint;
}
