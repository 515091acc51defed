using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// The source of policies, locations and secrets: a directory of YAML documents, or a Kubernetes API.
/// </summary>
public interface IResourceStore
{
    /// <summary>The source for messages: the directory or the API server.</summary>
    string Address { get; }

    /// <summary>Reads all resources again.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the source itself cannot be read.
    /// </exception>
    Task<ResourceSet> LoadAsync(CancellationToken cancellationToken);
}
