using System.Security.Cryptography.X509Certificates;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>A token and a certificate that do not change.</summary>
internal sealed class FixedCredentials(string? token, X509Certificate2? certificate) : IApiCredentials
{
    public X509Certificate2? Certificate => certificate;

    public ValueTask<string?> TokenAsync(CancellationToken cancellationToken) => ValueTask.FromResult(token);

    public bool DiscardToken() => false;
}
