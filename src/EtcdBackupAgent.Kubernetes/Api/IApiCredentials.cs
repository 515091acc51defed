using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Kubernetes.Api;

/// <summary>Who asks: a bearer token, a client certificate, both or neither. No implementation prints what it
/// holds.</summary>
internal interface IApiCredentials
{
    /// <summary>What the next handshake presents; null for none. Asked after <see cref="TokenAsync"/>.</summary>
    X509Certificate2? Certificate { get; }

    /// <summary>The token for the next request, renewed if it is due; null for none.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: it cannot be had.</exception>
    ValueTask<string?> TokenAsync(CancellationToken cancellationToken);

    /// <summary>The server refused the token.</summary>
    /// <returns>Whether <see cref="TokenAsync"/> may give another one now.</returns>
    bool Forget();
}
