using System.Collections.Concurrent;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Checks that the passphrase of a location opens its repository: once for each version of the location and
/// its Secret, and for one location at a time, since scrypt takes 256 MiB.</summary>
internal sealed class PassphraseChecks(RepositoryAccess repositories, TimeProvider time)
{
    /// <summary>The version of location and Secret that was checked last; it contains both uids.</summary>
    private readonly ConcurrentDictionary<string, string> _checkedVersions = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Completes when the last waiting check has completed.</summary>
    private Task _lastCheck = Task.CompletedTask;

    /// <exception cref="Core.Failures.BackupException">The passphrase does not open the repository.</exception>
    public async Task RequireAsync(
        BackupRepository repository,
        BackupLocation location,
        ResourceSet resources,
        CancellationToken cancellationToken)
    {
        string name = location.Name.Name;
        string version = resources.Version;
        if (location.Encryption is not PassphraseLocation secret || _checkedVersions.GetValueOrDefault(name) == version)
        {
            return;
        }

        TaskCompletionSource check = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task previous;
        lock (_lock)
        {
            (previous, _lastCheck) = (_lastCheck, check.Task);
        }

        try
        {
            await previous.WaitAsync(cancellationToken);
            using AgePassphrase passphrase = repositories.Passphrase(secret, resources);
            RepositoryKeys keys = new(repository, time);
            using OpenedKeys opened = await keys.OpenAsync(passphrase, cancellationToken);
        }
        finally
        {
            check.SetResult();
        }

        _checkedVersions[name] = version;
    }

    public void Remove(string name) => _checkedVersions.TryRemove(name, out _);
}
