using System.Security.Authentication;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>The server's certificate was looked at and refused; the message says why, as the rest of a sentence.</summary>
internal sealed class UntrustedServerException(string fact, string hint) : AuthenticationException(fact)
{
    public string Hint { get; } = hint;
}
