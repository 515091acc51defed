using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.ObjectLines;

/// <summary>The source of objects: the API server of a live cluster.</summary>
public interface IObjectSource : IBackupSource
{
    /// <summary>Returns the cluster, without a revision and without objects yet.</summary>
    /// <exception cref="BackupException">The API server cannot be reached, or refuses.</exception>
    Task<ApiCluster> IdentifyAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Reads the objects in pages, one resource after the other. All pages of a resource are of one resourceVersion,
    /// unless etcd is compacted meanwhile; then its later pages have a higher one.
    /// </summary>
    /// <param name="onWarning">Receives a sentence for each resource that is left out or is not of one moment.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KubernetesDenied"/> with the resource and the verb that the identity lacks; or the API
    /// server cannot be reached, or fails.
    /// </exception>
    IAsyncEnumerable<ObjectPage> ReadAsync(Action<string> onWarning, CancellationToken cancellationToken);
}

/// <summary>Some objects of one resource.</summary>
/// <param name="Resource">The plural and the group, such as <c>deployments.apps</c>.</param>
/// <param name="ApiVersion">The version in which they were read, such as <c>apps/v1</c>.</param>
/// <param name="ResourceVersion">The revision of etcd at which they were read; 0 if it is not a number.</param>
/// <param name="Objects">The objects with their keys. Each has its kind and apiVersion.</param>
public sealed record ObjectPage(
    string Resource, string ApiVersion, long ResourceVersion, IReadOnlyList<KeyedObject> Objects);

/// <summary>An object and its key.</summary>
/// <param name="Key">The key that the API server would have for it in etcd, below <c>/registry</c>.</param>
/// <param name="Object">The object.</param>
public sealed record KeyedObject(string Key, JsonObject Object);
