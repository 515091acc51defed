using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>
/// Replaces all recipients of a repository at once, and the pin with them. Existing snapshots stay as they are: only
/// the identities that opened them before open them. So a repository goes over to post-quantum recipients, which no
/// file has together with others.
/// </summary>
/// <remarks>
/// To given recipients:
/// <list type="number">
/// <item>A key proves that the user can open the current backups.</item>
/// <item>The current recipients must be those that the location expects, or already the new ones.</item>
/// <item>Replace <c>repository.json</c> in one write.</item>
/// <item>Replace the pin. Until then backups of the location are refused; the command can be repeated.</item>
/// </list>
/// To a new key of the repository's own, two steps are added:
/// <list type="number">
/// <item>before 3: store the new identity and the previous ones in one key object, encrypted to the same passphrase. A
/// crash after it leaves two keys that the passphrase opens.</item>
/// <item>after 4: remove the previous key object, which contains nothing that the new one does not.</item>
/// </list>
/// </remarks>
/// <param name="repository">The repository.</param>
/// <param name="location">The location whose pin is replaced; null without one.</param>
/// <param name="time">Dates the key object.</param>
public sealed class RecipientReplacement(BackupRepository repository, PinnedLocation? location, TimeProvider time)
{
    private readonly RepositoryKeys _keys = new(repository, time);

    /// <summary>Replaces the recipients by given ones.</summary>
    /// <param name="proof">The keys; one of their identities must open the current backups.</param>
    /// <param name="recipients">All of one kind, at least one.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have replaced them, or only not the pin.</param>
    /// <exception cref="Failures.BackupException">
    /// <see cref="Failures.FailureReason.KeyRefused"/>, <see cref="Failures.FailureReason.ProtectionChanged"/>,
    /// <see cref="Failures.FailureReason.InvalidInput"/>, or the reason of the store or of the place of the pins.
    /// </exception>
    public async Task<BackupRepository> ToAsync(
        OpenedKeys proof, IReadOnlyList<AgeRecipient> recipients, CancellationToken cancellationToken)
    {
        // 1
        _keys.RequireRecipient(proof.Identities);

        // 2 to 4
        return await ReplaceAsync(recipients, cancellationToken);
    }

    /// <summary>
    /// Replaces the recipients by that of a new post-quantum key, which the repository stores under the passphrase. If
    /// its key is post-quantum already, only the pin is replaced.
    /// </summary>
    /// <exception cref="Failures.BackupException">
    /// <see cref="Failures.FailureReason.KeyRefused"/>, <see cref="Failures.FailureReason.ProtectionChanged"/>, or the
    /// reason of the store or of the place of the pins.
    /// </exception>
    public async Task<BackupRepository> ToOwnPostQuantumKeyAsync(
        AgePassphrase passphrase, CancellationToken cancellationToken)
    {
        // 1
        (ObjectKey previous, OpenedKeys opened) = await _keys.FindAsync(passphrase, cancellationToken);
        using OpenedKeys keys = opened;
        AgeIdentity current = _keys.RequireRecipient(keys.Identities);
        if (current.Recipient.IsPostQuantum)
        {
            return await ReplaceAsync([current.Recipient], cancellationToken);
        }

        using AgeIdentity made = AgeIdentity.GeneratePostQuantum();
        await RequireExpectedAsync([made.Recipient], cancellationToken);
        await KeyObject.CreateAsync(
            repository.Store, [made, .. keys.Identities], passphrase, time, cancellationToken);
        BackupRepository changed = await ReplaceAsync([made.Recipient], cancellationToken);
        await _keys.RemoveReplacedAsync(previous, cancellationToken);
        return changed;
    }

    private async Task<BackupRepository> ReplaceAsync(
        IReadOnlyList<AgeRecipient> recipients, CancellationToken cancellationToken)
    {
        // 2
        await RequireExpectedAsync(recipients, cancellationToken);

        // 3
        BackupRepository changed = repository.Recipients.ToHashSet().SetEquals(recipients)
            ? repository
            : await repository.ReplaceRecipientsAsync(recipients, cancellationToken);

        // 4
        if (location is not null)
        {
            await location.Protection.PinAsync(changed, location.Location, cancellationToken);
        }

        return changed;
    }

    private Task RequireExpectedAsync(IReadOnlyList<AgeRecipient> next, CancellationToken cancellationToken) =>
        location is null
            ? Task.CompletedTask
            : location.Protection.RequireReplaceableAsync(
                repository, location.Location, [.. next.Select(r => $"{r}")], cancellationToken);
}

/// <summary>A location of the repository, and the check of its pin.</summary>
public sealed record PinnedLocation(ProtectionCheck Protection, BackupLocation Location);
