using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>
/// Checks before a backup that the repository is still protected as its location requires, and that its recipients
/// match the pin. Otherwise an attacker who can write to the bucket could make the agent encrypt to the attacker's key,
/// or not at all.
/// </summary>
/// <remarks>
/// A location with <c>None</c> or with recipients is compared with the repository itself. A location with a passphrase
/// has no recipients: the first use pins those of the repository, and every later use is compared with the pin.
/// </remarks>
public sealed class ProtectionCheck(IRecipientPins pins, TimeProvider time)
{
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.ProtectionChanged"/>, or the reason of the place of the pins.
    /// </exception>
    public async Task RequireAsync(
        BackupRepository repository, BackupLocation location, CancellationToken cancellationToken)
    {
        RepositoryEncryption found = repository.Document.Encryption;
        if (location.Signers.Count > 0)
        {
            RequireSigners($"BackupLocation {location.Name} has other signers", location.Signers, repository);
        }

        switch (location.Encryption)
        {
            case UnencryptedLocation:
                RequireSame($"BackupLocation {location.Name} has 'encryption: None'", [], found, repository);
                break;
            case RecipientLocation named:
                RequireSame(
                    $"BackupLocation {location.Name} has other recipients", named.Recipients, found, repository);
                break;
            case PassphraseLocation:
                await RequirePinnedAsync(repository, location.Name, cancellationToken);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(location), location.Encryption, "An unknown protection.");
        }
    }

    /// <summary>
    /// Checks before the recipients are replaced that they are those that the location expects, or already the new
    /// ones: a change by someone else must be noticed, not covered.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.ProtectionChanged"/>, or the reason of the place of the pins.
    /// </exception>
    internal async Task RequireReplaceableAsync(
        BackupRepository repository,
        BackupLocation location,
        IReadOnlyList<string> next,
        CancellationToken cancellationToken)
    {
        HashSet<string> wanted = next.ToHashSet(StringComparer.Ordinal);
        bool isReplaced = wanted.SetEquals(repository.Document.Encryption.Recipients);
        RecipientLocation? named = location.Encryption as RecipientLocation;
        PinnedRecipients? pin = location.Encryption is PassphraseLocation
            ? await pins.ReadAsync(location.Name, cancellationToken)
            : null;
        if (pin is not null)
        {
            RequireSameRepository(repository, location.Name, pin);
        }

        // Without a pin, the key that opens the repository is the only proof, as before the first backup. The same
        // holds if the owner has already written the new recipients into the location.
        if (!isReplaced && (pin is not null || (named is not null && !wanted.SetEquals(named.Recipients))))
        {
            await RequireAsync(repository, location, cancellationToken);
        }
    }

    /// <summary>
    /// Checks before the signers are replaced that they are those that the location expects, or already the new ones.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.ProtectionChanged"/>, or the reason of the place of the pins.
    /// </exception>
    internal async Task RequireSignersAsync(
        BackupRepository repository,
        BackupLocation location,
        IReadOnlyList<string> next,
        CancellationToken cancellationToken)
    {
        HashSet<string> wanted = next.ToHashSet(StringComparer.Ordinal);
        if (wanted.SetEquals(repository.Document.Signers ?? []) || wanted.SetEquals(location.Signers))
        {
            return;
        }

        if (location.Signers.Count > 0)
        {
            RequireSigners($"BackupLocation {location.Name} has other signers", location.Signers, repository);
        }
        else if (location.Encryption is PassphraseLocation
            && await pins.ReadAsync(location.Name, cancellationToken) is { } pin)
        {
            RequireSameRepository(repository, location.Name, pin);
            RequireSigners($"they were pinned on {pin.PinnedAt:yyyy-MM-dd}", pin.Signers, repository);
        }
    }

    /// <summary>
    /// Pins the recipients of the repository in place of the previous ones. A location that lists its recipients itself
    /// has no pin.
    /// </summary>
    /// <exception cref="BackupException">The reason of the place of the pins.</exception>
    internal async Task PinAsync(
        BackupRepository repository, BackupLocation location, CancellationToken cancellationToken)
    {
        if (location.Encryption is PassphraseLocation)
        {
            await pins.WriteAsync(location.Name, PinOf(repository), cancellationToken);
        }
    }

    /// <summary>Checks that a repository encrypts to the recipients that the caller expects.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.ProtectionChanged"/>.</exception>
    public static void RequireRecipients(BackupRepository repository, IReadOnlyList<string> expected) =>
        RequireSame("other recipients are expected", expected, repository.Document.Encryption, repository);

    private static void RequireSame(
        string why, IReadOnlyList<string> expected, RepositoryEncryption found, BackupRepository repository)
    {
        if (!expected.ToHashSet(StringComparer.Ordinal).SetEquals(found.Recipients))
        {
            throw new BackupException(
                FailureReason.ProtectionChanged,
                $"The repository at {repository.Store.Address} encrypts to {Names(found.Recipients)}, but {why} "
                + $"({Names(expected)}).")
            {
                Hint = "If you did not change them, an attacker can write to the bucket: find the cause before the "
                    + "next backup. "
                    + "'etcd-backup-agent key list' shows the recipients.",
            };
        }
    }

    private static void RequireSigners(string why, IReadOnlyList<string> expected, BackupRepository repository)
    {
        IReadOnlyList<string> found = repository.Document.Signers ?? [];
        if (!expected.ToHashSet(StringComparer.Ordinal).SetEquals(found))
        {
            throw new BackupException(
                FailureReason.ProtectionChanged,
                $"The repository at {repository.Store.Address} has {SignerNames(found)}, but {why} "
                + $"({SignerNames(expected)}).")
            {
                Hint = "If you did not change them, an attacker can write to the bucket: find the cause before the "
                    + "next backup. 'etcd-backup-agent key list' shows the signers.",
            };
        }
    }

    private static string SignerNames(IReadOnlyList<string> keys) => keys.Count == 0
        ? "no signer"
        : $"the signers {string.Join(", ", keys.Select(key => SshPublicKey.Parse(key).Fingerprint))}";

    private async Task RequirePinnedAsync(
        BackupRepository repository, ResourceName location, CancellationToken cancellationToken)
    {
        PinnedRecipients? pin = await pins.ReadAsync(location, cancellationToken);
        if (pin is null)
        {
            RequireEncrypted(repository, location);
            await pins.WriteAsync(location, PinOf(repository), cancellationToken);
            return;
        }

        RequireSameRepository(repository, location, pin);
        RequireSame(
            $"they were pinned on {pin.PinnedAt:yyyy-MM-dd}",
            pin.Recipients,
            repository.Document.Encryption,
            repository);
        RequireSigners($"they were pinned on {pin.PinnedAt:yyyy-MM-dd}", pin.Signers, repository);
    }

    private PinnedRecipients PinOf(BackupRepository repository) => new()
    {
        RepositoryId = repository.Document.Id,
        Recipients = repository.Document.Encryption.Recipients,
        Signers = repository.Document.Signers ?? [],
        PinnedAt = time.GetUtcNow(),
    };

    private static void RequireSameRepository(
        BackupRepository repository, ResourceName location, PinnedRecipients pin)
    {
        if (pin.RepositoryId != repository.Document.Id)
        {
            throw new BackupException(
                FailureReason.ProtectionChanged,
                $"The repository at {repository.Store.Address} is {repository.Document.Id}, but BackupLocation "
                + $"{location} was pinned to "
                + $"{pin.RepositoryId} on {pin.PinnedAt:yyyy-MM-dd}: the repository was replaced.")
            {
                Hint = "If you replaced it, remove the pin (docs/policies.md, \"Encryption\") and back up again.",
            };
        }
    }

    private static void RequireEncrypted(BackupRepository repository, ResourceName location)
    {
        if (repository.Document.Encryption.Recipients.Count == 0)
        {
            throw new BackupException(
                FailureReason.ProtectionChanged,
                $"The repository at {repository.Store.Address} is not encrypted, but BackupLocation {location} has a "
                + "passphrase.")
            {
                Hint = "If this is intended, set 'encryption: None' in the location; otherwise create a new repository "
                    + "with 'init'.",
            };
        }
    }

    private static string Names(IReadOnlyList<string> recipients) =>
        recipients.Count == 0 ? "no recipient" : string.Join(", ", recipients.Select(AgeRecipient.Abbreviate));
}
