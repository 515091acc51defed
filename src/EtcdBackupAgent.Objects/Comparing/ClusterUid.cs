using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>The UID of the namespace <c>kube-system</c>, which distinguishes a cluster from all others.</summary>
public static class ClusterUid
{
    /// <summary>Reads the UID; null if the namespace does not exist, or the identity may not read it.</summary>
    /// <param name="live">The cluster.</param>
    /// <param name="namespaces">The resource of namespaces, as the cluster serves it.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="BackupException">The API server cannot be reached, or fails.</exception>
    public static async Task<string?> FindAsync(
        ILiveObjects live, ServedResource namespaces, CancellationToken cancellationToken)
    {
        try
        {
            JsonObject? found = await live.FindAsync(namespaces, null, "kube-system", cancellationToken);
            return found?.Inner("metadata")?.Text("uid");
        }
        catch (BackupException e) when (e.Reason == FailureReason.KubernetesDenied)
        {
            return null;
        }
    }
}
