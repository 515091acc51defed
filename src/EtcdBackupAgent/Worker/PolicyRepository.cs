using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Worker;

/// <summary>The repository of a policy's location, open. Disposing closes its store.</summary>
internal sealed class PolicyRepository : IDisposable
{
    private readonly IObjectStore _store;

    private PolicyRepository(IObjectStore store, BackupLocation location, BackupRepository repository) =>
        (_store, Location, Repository) = (store, location, repository);

    public BackupLocation Location { get; }

    public BackupRepository Repository { get; }

    /// <summary>
    /// Opens the repository of the location that a policy names, and compares it with the location's pin.
    /// </summary>
    /// <param name="parts">The adapters.</param>
    /// <param name="pins">The recipients that each location is pinned to.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="resources">Contains the policy's location and Secrets.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing open.</param>
    /// <exception cref="BackupException">
    /// The location or the repository does not exist, cannot be read, or is not protected as it was pinned.
    /// </exception>
    public static async Task<PolicyRepository> OpenAsync(
        PolicyBackupParts parts,
        IRecipientPins pins,
        BackupPolicy policy,
        ResourceSet resources,
        CancellationToken cancellationToken)
    {
        BackupLocation location = LocationOf(policy, resources);
        IObjectStore store = parts.OpenStore(location, resources);
        try
        {
            BackupRepository repository = await BackupRepository.OpenAsync(
                store, LocationSigning.Of(location, resources), parts.Time, cancellationToken);
            await new ProtectionCheck(pins, parts.Time).RequireAsync(repository, location, cancellationToken);
            return new PolicyRepository(store, location, repository);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Returns the location that a policy names.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: the location does not exist.
    /// </exception>
    public static BackupLocation LocationOf(BackupPolicy policy, ResourceSet resources) =>
        resources.Locations.GetValueOrDefault(policy.Destination) ?? throw new BackupException(
            FailureReason.InvalidInput,
            $"Policy {policy.Name} names BackupLocation {policy.Destination}, which does not exist.");

    public void Dispose() => _store.Dispose();
}
