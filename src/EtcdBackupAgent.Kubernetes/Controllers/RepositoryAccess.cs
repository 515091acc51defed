using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>The way from a location in a cluster to its repository, which is out of the cluster.</summary>
internal sealed record RepositoryAccess
{
    /// <summary>The store of a location, with the credentials of its Secret; nothing is connected to yet.</summary>
    public required Func<BackupLocation, ResourceSet, IObjectStore> OpenStore { get; init; }

    /// <summary>The passphrase in a location's Secret.</summary>
    public required Func<PassphraseLocation, ResourceSet, AgePassphrase> Passphrase { get; init; }
}
