using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>Finds the API server to use, as kubectl does; the pod's own cluster has precedence over the file in the
/// home directory.</summary>
internal static class ApiAccess
{
    /// <remarks>
    /// 1. The given kubeconfig file.
    /// 2. The files that <c>KUBECONFIG</c> lists.
    /// 3. The cluster in which this process runs as a pod, unless a context is given, which only files have.
    /// 4. The file in the home directory.
    /// </remarks>
    /// <param name="kubeconfigFile">The kubeconfig file; null if none is given.</param>
    /// <param name="context">The context in it; null for the current context.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">A cancelled call has changed nothing.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: see <see cref="KubeConfig"/> and
    /// <see cref="InClusterConfig"/>.</exception>
    public static async Task<KubernetesConnection> LoadAsync(
        string? kubeconfigFile,
        string? context,
        Func<string, string?> environment,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        KubernetesConnection connection =
            await FindAsync(kubeconfigFile, context, environment, time, cancellationToken);

        // A kubeconfig may name a proxy of its own.
        return connection with { Proxies = connection.Proxies ?? ProxyRules.OfEnvironment(environment) };
    }

    private static Task<KubernetesConnection> FindAsync(
        string? kubeconfigFile,
        string? context,
        Func<string, string?> environment,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        // 1
        if (kubeconfigFile is not null)
        {
            return KubeConfig.LoadAsync([kubeconfigFile], context, time, cancellationToken);
        }

        // 3, if 2 is not set
        bool isFileRequested = context is not null || environment("KUBECONFIG") is { Length: > 0 };
        if (!isFileRequested && InClusterConfig.IsAvailable(environment))
        {
            return InClusterConfig.LoadAsync(environment, time, cancellationToken);
        }

        // 2, 4
        return KubeConfig.LoadAsync(KubeConfig.Files(environment), context, time, cancellationToken);
    }
}
