using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Opens the repository of a location; the repository is outside of the cluster.</summary>
internal sealed record RepositoryAccess
{
    /// <summary>Returns the store of a location, with the credentials of its Secret. It does not connect yet.</summary>
    public required Func<BackupLocation, ResourceSet, IObjectStore> OpenStore { get; init; }

    /// <summary>The version of this agent, for documents that are written to the repository.</summary>
    public required string AgentVersion { get; init; }

    /// <summary>Returns the passphrase in a location's Secret.</summary>
    public required Func<PassphraseLocation, ResourceSet, AgePassphrase> Passphrase { get; init; }
}
