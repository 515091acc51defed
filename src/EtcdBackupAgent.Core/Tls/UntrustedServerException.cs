using System.Security.Authentication;

namespace EtcdBackupAgent.Core.Tls;

/// <summary>
/// A server's certificate is not valid, or not signed by a trusted authority. The message says why, as the second part
/// of a sentence and without a period.
/// </summary>
public sealed class UntrustedServerException(string fact, string hint) : AuthenticationException(fact)
{
    /// <summary>What to do, in one or more sentences.</summary>
    public string Hint { get; } = hint;
}
