using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>The objects of a running cluster, by its API server.</summary>
public interface ILiveObjects
{
    /// <summary>The cluster, for messages.</summary>
    string Name { get; }

    /// <summary>Returns what the API server serves.</summary>
    /// <exception cref="BackupException">The API server cannot be reached, or refuses.</exception>
    Task<ServedResources> DiscoverAsync(CancellationToken cancellationToken);

    /// <summary>Returns one object; null if there is none of this name.</summary>
    /// <exception cref="BackupException">The API server cannot be reached, or refuses.</exception>
    Task<JsonObject?> FindAsync(
        ServedResource resource, string? ns, string name, CancellationToken cancellationToken);

    /// <summary>
    /// Returns all objects of a resource with their kind and apiVersion, in pages, in the order of the bytes of
    /// <c>NAMESPACE/NAME</c>, each once.
    /// </summary>
    /// <param name="resource">The resource, in the version to read.</param>
    /// <param name="ns">The namespace; null for all.</param>
    /// <param name="cancellationToken">Cancels the list.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KubernetesDenied"/> if the right to list is missing; or the API server fails.
    /// </exception>
    IAsyncEnumerable<JsonObject> ListAsync(
        ServedResource resource, string? ns, CancellationToken cancellationToken);
}
