using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Commands;

/// <summary>The repository that a verb works on: how it was named, and opened. Disposing closes the store.</summary>
internal sealed class OpenedRepository(RepositoryChoice choice, BackupRepository repository) : IDisposable
{
    public RepositoryChoice Choice { get; } = choice;

    public BackupRepository Repository { get; } = repository;

    /// <summary>Where it is, for messages.</summary>
    public string Address => Repository.Store.Address;

    public void Dispose() => Repository.Store.Dispose();
}
