using System.Security.Authentication;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The server's certificate was checked and refused. The message explains why, as the second part of a sentence.
/// </summary>
internal sealed class UntrustedServerException(string fact, string hint) : AuthenticationException(fact)
{
    public string Hint { get; } = hint;
}
