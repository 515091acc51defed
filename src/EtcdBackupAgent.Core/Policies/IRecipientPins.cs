using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// Remembers, outside the bucket, to whom a location's repository encrypts. The recipients stand in the repository, where
/// whoever can write the bucket can put a recipient of his own: the next backup would then be readable to him. An agent
/// that compares them with the pin notices, and refuses. So a pin is worth something only in a place that the bucket's
/// writers cannot write: beside the policy, or in the location's status.
/// </summary>
public interface IRecipientPins
{
    /// <summary>What was pinned last; null if nothing ever was, which is so before the first backup.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/> if there is a pin that cannot be read:
    /// it never counts as absent; or what the place itself says.</exception>
    Task<PinnedRecipients?> ReadAsync(ResourceName location, CancellationToken cancellationToken);

    /// <summary>Replaces what was pinned, all of it or nothing. Whether that is right is for the caller to know.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/> if the place cannot be
    /// written; or what the place itself says.</exception>
    Task WriteAsync(ResourceName location, PinnedRecipients pin, CancellationToken cancellationToken);
}

/// <summary>What a repository was when the agent first trusted it.</summary>
public sealed record PinnedRecipients
{
    /// <summary>Tells a changed repository from another one that was put in its place.</summary>
    public required string RepositoryId { get; init; }

    /// <summary><c>age1…</c>, in any order; empty for a repository that is not encrypted.</summary>
    public required IReadOnlyList<string> Recipients { get; init; }

    public required DateTimeOffset PinnedAt { get; init; }
}
