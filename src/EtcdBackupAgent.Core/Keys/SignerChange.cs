using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Statements;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>Adds and removes the keys whose signatures count, and the pin with them.</summary>
/// <remarks>
/// 1. The current signers must be those that the location expects, so that a change by someone else is noticed.
/// 2. Sign and write the changed document of the repository.
/// 3. State that the snapshots that counted before still count: those that were not signed before the repository had
///    signers, and those of a removed signer.
/// 4. Replace the pin. Until then backups of the location are refused; the command can be repeated.
/// </remarks>
/// <param name="repository">The repository.</param>
/// <param name="location">The location whose pin is replaced; null without one.</param>
/// <param name="agentVersion">The version of this agent, for the statement.</param>
public sealed class SignerChange(BackupRepository repository, PinnedLocation? location, string agentVersion)
{
    private IReadOnlyList<SshPublicKey> Current =>
        [.. (repository.Document.Signers ?? []).Select(SshPublicKey.Parse)];

    /// <summary>Adds a signer. The first one signs the change itself.</summary>
    /// <param name="added">The new signer.</param>
    /// <param name="key">The private key of a current signer, or of the new one if it is the first.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have added it.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.KeyRefused"/>, <see cref="FailureReason.ProtectionChanged"/>, or the reason of the
    /// store or of the place of the pins.
    /// </exception>
    public async Task<BackupRepository> AddAsync(
        SshPublicKey added, SigningKey key, CancellationToken cancellationToken)
    {
        if (Current.Count == 0 && !key.PublicKey.Equals(added))
        {
            throw new BackupException(
                FailureReason.KeyRefused,
                $"The repository at {repository.Store.Address} has no signers yet, and the signing key is not the "
                + "first one.")
            {
                Hint = "Make the first signer with 'key new-signer', then add others.",
            };
        }

        return await ReplaceAsync([.. Current.Append(added).Distinct()], key, cancellationToken);
    }

    /// <summary>Removes a signer. Snapshots that it signed still count.</summary>
    /// <param name="fingerprint">The signer, as <c>SHA256:…</c>.</param>
    /// <param name="key">The private key of a signer that remains.</param>
    /// <param name="cancellationToken">A cancelled call may or may not have removed it.</param>
    /// <exception cref="BackupException">
    /// As <see cref="AddAsync"/>; <see cref="FailureReason.InvalidInput"/> if there is no such signer.
    /// </exception>
    public async Task<BackupRepository> RemoveAsync(
        string fingerprint, SigningKey key, CancellationToken cancellationToken)
    {
        SshPublicKey[] rest = [.. Current.Where(signer => signer.Fingerprint != fingerprint)];
        if (rest.Length == Current.Count)
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"{fingerprint} is not a signer of the repository at {repository.Store.Address}.")
            {
                Hint = "'etcd-backup-agent key list' shows its signers.",
            };
        }

        if (!rest.Contains(key.PublicKey))
        {
            throw new BackupException(
                FailureReason.KeyRefused, "The signing key is not one of the signers that would remain.")
            {
                Hint = "Add the new signer first ('key new-signer'), and sign the removal with its key.",
                Settings = [Setting.SigningKey],
            };
        }

        return await ReplaceAsync(rest, key, cancellationToken);
    }

    private async Task<BackupRepository> ReplaceAsync(
        IReadOnlyList<SshPublicKey> signers, SigningKey key, CancellationToken cancellationToken)
    {
        // 1
        if (location is not null)
        {
            await location.Protection.RequireSignersAsync(
                repository, location.Location, [.. signers.Select(s => $"{s}")], cancellationToken);
        }

        // 2
        Inventory before = await repository.TakeInventoryAsync(cancellationToken);
        BackupRepository changed = Current.ToHashSet().SetEquals(signers)
            ? repository
            : await repository.ReplaceSignersAsync(signers, key, cancellationToken);

        // 3
        Inventory after = await changed.TakeInventoryAsync(cancellationToken);
        HashSet<SnapshotId> lost =
        [
            .. before.Snapshots.Where(s => s.Signature.Counts).Select(s => s.Id),
        ];
        lost.IntersectWith(after.Snapshots.Where(s => !s.Signature.Counts).Select(s => s.Id));
        if (lost.Count > 0)
        {
            await changed.Statements.AddAsync(
                StatementKind.Adopted,
                [.. after.Snapshots.Where(s => lost.Contains(s.Id)).Select(s => StatedSnapshot.Of(s.Manifest))],
                new StatementWords(agentVersion, Reason: "the signers were changed"),
                cancellationToken);
        }

        // 4
        if (location is not null)
        {
            await location.Protection.PinAsync(changed, location.Location, cancellationToken);
        }

        return changed;
    }
}
