using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.Chains;

/// <summary>The signed snapshots of one policy and one cluster.</summary>
internal sealed record Chain
{
    /// <summary><see cref="ChainLink.Id"/>.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// The highest number that was found. Nothing in the repository can show that there was no higher one.
    /// </summary>
    public required int Number { get; init; }

    /// <summary>The roster of the snapshot with this number.</summary>
    public required IReadOnlyList<RosterEntry> Standing { get; init; }

    /// <summary>The entries of the roster that do not exist, and no statement says why.</summary>
    public required IReadOnlyList<RosterEntry> Missing { get; init; }
}
