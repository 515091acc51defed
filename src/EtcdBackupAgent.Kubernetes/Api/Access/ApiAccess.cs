using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Proxies;

namespace EtcdBackupAgent.Kubernetes.Api.Access;

/// <summary>Finds the API server that is meant, as kubectl does, with the pod's own cluster before the file of a home
/// directory.</summary>
internal static class ApiAccess
{
    /// <remarks>
    /// 1. The file that is named.
    /// 2. Those that <c>KUBECONFIG</c> lists.
    /// 3. The cluster that this process is a pod of, unless a context is named, which only files have.
    /// 4. The file in the home directory.
    /// </remarks>
    /// <param name="kubeconfigFile">The file that is named; null for none.</param>
    /// <param name="context">The context of it; null for the current one.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends it.</param>
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

        // 3, where 2 is not set
        bool isFileMeant = context is not null || environment("KUBECONFIG") is { Length: > 0 };
        if (!isFileMeant && InClusterConfig.IsAvailable(environment))
        {
            return InClusterConfig.LoadAsync(environment, time, cancellationToken);
        }

        // 2, 4
        return KubeConfig.LoadAsync(KubeConfig.Files(environment), context, time, cancellationToken);
    }
}
