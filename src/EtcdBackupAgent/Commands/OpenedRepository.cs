using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Commands;

/// <summary>The open repository of a verb, and how the command line names it. Disposing closes the store.</summary>
internal sealed class OpenedRepository(RepositoryChoice choice, BackupRepository repository) : IDisposable
{
    public RepositoryChoice Choice { get; } = choice;

    public BackupRepository Repository { get; } = repository;

    /// <summary>The address of the repository, for messages.</summary>
    public string Address => Repository.Store.Address;

    public void Dispose() => Repository.Store.Dispose();
}
