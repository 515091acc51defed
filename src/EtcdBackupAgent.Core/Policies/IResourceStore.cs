using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>Where policies, locations and secrets are read from: a directory of YAML documents, or a Kubernetes
/// API.</summary>
public interface IResourceStore
{
    /// <summary>What is read, for messages: the directory or the API server.</summary>
    string Address { get; }

    /// <summary>Reads everything afresh.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/> if the place itself cannot be
    /// read.</exception>
    Task<ResourceSet> LoadAsync(CancellationToken cancellationToken);
}
