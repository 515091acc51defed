using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Stores the pins in the status of the locations. Write access to the bucket does not allow changes of this
/// status.</summary>
internal sealed class LocationStatusPins(KubernetesClient client) : IRecipientPins
{
    private readonly StatusWriter _statuses = new(client);

    /// <exception cref="BackupException">The pin is invalid, or a request to the API server failed.</exception>
    public async Task<PinnedRecipients?> ReadAsync(ResourceName location, CancellationToken cancellationToken) =>
        (await GetAsync(location, cancellationToken)).ReadPin();

    /// <exception cref="BackupException">The pin is invalid, or a request to the API server failed.</exception>
    public async Task WriteAsync(ResourceName location, PinnedRecipients pin, CancellationToken cancellationToken)
    {
        LocationObject item = await GetAsync(location, cancellationToken);
        try
        {
            await _statuses.ChangeAsync(item, status => status.SetPin(pin), cancellationToken);
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(client.Connection, $"pin the recipients of BackupLocation {location}", e);
        }
    }

    private async Task<LocationObject> GetAsync(ResourceName location, CancellationToken cancellationToken)
    {
        try
        {
            return new LocationObject(await client.GetAsync(
                ClusterKinds.BackupLocation, location.Namespace, location.Name, cancellationToken));
        }
        catch (Exception e) when (ApiFailure.IsKnown(e))
        {
            throw ApiFailure.From(client.Connection, $"read the pin of BackupLocation {location}", e);
        }
    }
}
