using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// Stores the recipients of a location's repository outside the bucket. The repository itself lists its recipients, but
/// an attacker who can write to the bucket could add a recipient, and could then read the next backup. An agent that
/// compares the recipients with the pin detects this and refuses to back up. So a pin must be stored where the bucket's
/// writers cannot write: beside the policy, or in the location's status.
/// </summary>
public interface IRecipientPins
{
    /// <summary>Reads the last pin; null if there is none, as before the first backup.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if a pin exists but cannot be read: it never counts as absent; or the
    /// reason of the place of the pins.
    /// </exception>
    Task<PinnedRecipients?> ReadAsync(ResourceName location, CancellationToken cancellationToken);

    /// <summary>Replaces the pin, completely or not at all. The caller decides whether that is correct.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if the place cannot be written; or the reason of the place of the pins.
    /// </exception>
    Task WriteAsync(ResourceName location, PinnedRecipients pin, CancellationToken cancellationToken);
}

/// <summary>The state of a repository when the agent first trusted it.</summary>
public sealed record PinnedRecipients
{
    /// <summary>Distinguishes a changed repository from another one that replaced it.</summary>
    public required string RepositoryId { get; init; }

    /// <summary><c>age1…</c>, in any order; empty for a repository that is not encrypted.</summary>
    public required IReadOnlyList<string> Recipients { get; init; }

    /// <summary>
    /// The public keys whose signatures count, as <c>type base64</c>, in any order; empty for a repository without
    /// signers.
    /// </summary>
    public IReadOnlyList<string> Signers { get; init; } = [];

    /// <summary>When the recipients were pinned, by the agent's clock.</summary>
    public required DateTimeOffset PinnedAt { get; init; }
}
