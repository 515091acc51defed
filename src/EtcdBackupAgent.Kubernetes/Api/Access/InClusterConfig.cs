using System.Globalization;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Secrets;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>
/// The connection of a pod to its cluster's API: the address is from the environment, the rest from the service
/// account's volume. Source: kubernetes.io, "Accessing the Kubernetes API from a Pod".
/// </summary>
internal static class InClusterConfig
{
    public const string Directory = "/var/run/secrets/kubernetes.io/serviceaccount";
    private const string Host = "KUBERNETES_SERVICE_HOST";
    private const string Port = "KUBERNETES_SERVICE_PORT";

    /// <summary>Whether this process runs in a pod.</summary>
    public static bool IsAvailable(Func<string, string?> environment, string directory = Directory) =>
        environment(Host) is { Length: > 0 } && File.Exists(Path.Combine(directory, "token"));

    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: the process does not run in a pod,
    /// or the pod has no service account.</exception>
    public static async Task<KubernetesConnection> LoadAsync(
        Func<string, string?> environment,
        TimeProvider time,
        CancellationToken cancellationToken,
        string directory = Directory)
    {
        if (environment(Host) is not { Length: > 0 } host || environment(Port) is not { Length: > 0 } port
            || !int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{Host} and {Port} are not set: this process does not run in a pod.");
        }

        TokenFile token = new(Path.Combine(directory, "token"), certificate: null, time);
        _ = await token.TokenAsync(cancellationToken);
        return new KubernetesConnection
        {
            Server = new UriBuilder("https", host, number).Uri,
            CaCertificatesPem = await ReadAsync("ca.crt"),
            Namespace = SecretText.WithoutLineEnd(await ReadAsync("namespace")),
            Credentials = token,
        };

        async Task<string> ReadAsync(string name)
        {
            string path = Path.Combine(directory, name);
            try
            {
                return await File.ReadAllTextAsync(path, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new BackupException(
                    FailureReason.InvalidInput,
                    $"The service account's '{path}' cannot be read: {e.Message.TrimEnd('.')}.",
                    e);
            }
        }
    }
}
