using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>A token in a file that somebody else renews, as the kubelet does for a service account.</summary>
internal sealed class TokenFile(string path, X509Certificate2? certificate, TimeProvider time) : IApiCredentials
{
    /// <summary>A projected token is replaced when 80 % of its life, of ten minutes at least, are over.</summary>
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromMinutes(1);

    private string? _token;

    /// <summary>When it was read, by <see cref="TimeProvider.GetTimestamp"/>; null to read it.</summary>
    private long? _readAt;

    public X509Certificate2? Certificate => certificate;

    public async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        if (_readAt is not { } at || time.GetElapsedTime(at) >= ReadAgainAfter)
        {
            try
            {
                string token = SecretText.WithoutLineEnd(await File.ReadAllTextAsync(path, cancellationToken));
                _token = SecretText.FaultOfToken(token) is { } fault ? throw new IOException($"it {fault}") : token;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException && _token is null)
            {
                throw new BackupException(
                    FailureReason.InvalidInput, $"The token file '{path}' cannot be read: {e.Message.TrimEnd('.')}.", e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // While it is being replaced the last one serves; once that has expired, the server says so.
            }

            _readAt = time.GetTimestamp();
        }

        return _token;
    }

    public bool Forget()
    {
        _readAt = null;
        return true;
    }
}
