using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>The pin of one location as it was read, for the pod of a backup. It never pins: the controller does that
/// before it creates a pod.</summary>
internal sealed class DocumentPins(LocationObject location) : IRecipientPins
{
    public Task<PinnedRecipients?> ReadAsync(ResourceName name, CancellationToken cancellationToken) =>
        Task.FromResult(name == location.FullName ? location.ReadPin() : null);

    /// <exception cref="BackupException"><see cref="FailureReason.ProtectionChanged"/>, always: a pod must not trust a
    /// bucket for the first time, since pods are started again and again.</exception>
    public Task WriteAsync(ResourceName name, PinnedRecipients pin, CancellationToken cancellationToken) =>
        throw new BackupException(
            FailureReason.ProtectionChanged,
            $"BackupLocation {name} is not pinned yet: its status does not contain the recipients of its repository.")
        {
            Hint = "The controller ('run --kubernetes') pins a location when it creates or adopts its repository; see "
                + "the location's status.",
        };
}
