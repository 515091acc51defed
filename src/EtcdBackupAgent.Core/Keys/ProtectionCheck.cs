using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;

namespace EtcdBackupAgent.Core.Keys;

/// <summary>
/// Before a backup: is the repository still protected as its location says, and to the recipients it was pinned to? Somebody who
/// can write the bucket could otherwise have the agent encrypt to them, or not at all.
/// </summary>
/// <remarks>
/// A location that says <c>None</c>, or names its recipients, is compared with the repository itself. One with a passphrase does not
/// name recipients: the first use pins those of the repository, every later one is compared with the pin.
/// </remarks>
public sealed class ProtectionCheck(IRecipientPins pins, TimeProvider time)
{
    /// <exception cref="BackupException"><see cref="FailureReason.ProtectionChanged"/>, or what the place of the pins says.</exception>
    public async Task RequireAsync(
        BackupRepository repository, BackupLocation location, CancellationToken cancellationToken)
    {
        RepositoryEncryption found = repository.Document.Encryption;
        switch (location.Encryption)
        {
            case UnencryptedLocation:
                RequireSame($"BackupLocation {location.Name} says 'encryption: None'", [], found, repository);
                break;
            case RecipientLocation named:
                RequireSame($"BackupLocation {location.Name} names other recipients", named.Recipients, found, repository);
                break;
            case PassphraseLocation:
                await RequirePinnedAsync(repository, location.Name, cancellationToken);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(location), location.Encryption, "An unknown protection.");
        }
    }

    /// <summary>Says whom a repository must encrypt to when nobody but the caller knows.</summary>
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
                $"The repository at {repository.Store.Address} encrypts to {Names(found.Recipients)}, but {why} ({Names(expected)}).")
            {
                Hint = "If nobody of yours changed it, somebody else can write the bucket: find out before you back up to it again. "
                    + "'etcd-backup-agent key list' shows the recipients.",
            };
        }
    }

    private async Task RequirePinnedAsync(
        BackupRepository repository, ResourceName location, CancellationToken cancellationToken)
    {
        PinnedRecipients? pin = await pins.ReadAsync(location, cancellationToken);
        if (pin is null)
        {
            RequireEncrypted(repository, location);
            PinnedRecipients first = new()
            {
                RepositoryId = repository.Document.Id,
                Recipients = repository.Document.Encryption.Recipients,
                PinnedAt = time.GetUtcNow(),
            };
            await pins.WriteAsync(location, first, cancellationToken);
            return;
        }

        if (pin.RepositoryId != repository.Document.Id)
        {
            throw new BackupException(
                FailureReason.ProtectionChanged,
                $"The repository at {repository.Store.Address} is {repository.Document.Id}, but BackupLocation {location} was pinned to "
                + $"{pin.RepositoryId} on {pin.PinnedAt:yyyy-MM-dd}: another one was put in its place.")
            {
                Hint = "If that was you, remove the pin (docs/policies.md, \"Encryption\") and back up again.",
            };
        }

        RequireSame($"they were pinned on {pin.PinnedAt:yyyy-MM-dd}", pin.Recipients, repository.Document.Encryption, repository);
    }

    private static void RequireEncrypted(BackupRepository repository, ResourceName location)
    {
        if (repository.Document.Encryption.Recipients.Count == 0)
        {
            throw new BackupException(
                FailureReason.ProtectionChanged,
                $"The repository at {repository.Store.Address} is not encrypted, but BackupLocation {location} has a passphrase.")
            {
                Hint = "Write 'encryption: None' into the location if that is meant; otherwise make a new repository with 'init'.",
            };
        }
    }

    private static string Names(IReadOnlyList<string> recipients) =>
        recipients.Count == 0 ? "nobody" : string.Join(", ", recipients);
}
