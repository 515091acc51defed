using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>The credentials of requests: a bearer token, a client certificate, both or neither. No implementation
/// prints them.</summary>
internal interface IApiCredentials
{
    /// <summary>The certificate for the next TLS handshake; null for none. It is read after
    /// <see cref="TokenAsync"/>.</summary>
    X509Certificate2? Certificate { get; }

    /// <summary>Returns the token for the next request, renewed if it is due; null for none.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: the token cannot be
    /// obtained.</exception>
    ValueTask<string?> TokenAsync(CancellationToken cancellationToken);

    /// <summary>Discards the token after the server refused it.</summary>
    /// <returns>Whether <see cref="TokenAsync"/> may return another token now.</returns>
    bool DiscardToken();
}
