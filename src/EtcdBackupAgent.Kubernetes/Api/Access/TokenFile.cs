using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>A token in a file that another program renews, as the kubelet does for a service account.</summary>
internal sealed class TokenFile(string path, X509Certificate2? certificate, TimeProvider time) : IApiCredentials
{
    /// <summary>The interval between two reads: a projected token lives for at least ten minutes and is replaced after
    /// 80 % of its life.</summary>
    private static readonly TimeSpan ReadInterval = TimeSpan.FromMinutes(1);

    private string? _token;

    /// <summary>When the token was read, as a value of <see cref="TimeProvider.GetTimestamp"/>; null to read it
    /// again.</summary>
    private long? _readAt;

    public X509Certificate2? Certificate => certificate;

    public async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        if (_readAt is not { } at || time.GetElapsedTime(at) >= ReadInterval)
        {
            try
            {
                string token = SecretText.WithoutLineEnd(await File.ReadAllTextAsync(path, cancellationToken));
                _token = SecretText.FaultOfToken(token) is { } fault ? throw new IOException($"it {fault}") : token;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException && _token is null)
            {
                throw new BackupException(
                    FailureReason.InvalidInput,
                    $"The token file '{path}' cannot be read: {e.Message.TrimEnd('.')}.",
                    e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Use the last token while the file is being replaced. Once that token has expired, the server refuses
                // it.
            }

            _readAt = time.GetTimestamp();
        }

        return _token;
    }

    public bool DiscardToken()
    {
        _readAt = null;
        return true;
    }
}
