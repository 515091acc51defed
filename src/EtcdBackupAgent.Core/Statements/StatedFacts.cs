using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Documents;

namespace EtcdBackupAgent.Core.Statements;

/// <summary>What the statements of a repository that count say about snapshots.</summary>
internal sealed class StatedFacts
{
    private readonly ILookup<SnapshotId, (StatedSnapshot Snapshot, Statement Statement)> _bySnapshot;

    /// <param name="statements">The statements that count, in any order, each with its name.</param>
    /// <param name="ignored">Why others do not count.</param>
    public StatedFacts(IEnumerable<NamedStatement> statements, IReadOnlyList<string> ignored)
    {
        Ignored = ignored;
        Statements =
        [
            .. statements
                .OrderBy(named => named.Statement.MadeAt)
                .ThenBy(named => named.Key.Value, StringComparer.Ordinal),
        ];
        _bySnapshot = Statements
            .SelectMany(named => named.Statement.Snapshots.Select(snapshot => (snapshot, named.Statement)))
            .ToLookup(pair => pair.snapshot.Id);
    }

    /// <summary>No statements.</summary>
    public static StatedFacts None { get; } = new([], []);

    /// <summary>The statements that count, the latest last.</summary>
    public IReadOnlyList<NamedStatement> Statements { get; }

    /// <summary>Why other statements do not count, a sentence for each.</summary>
    public IReadOnlyList<string> Ignored { get; }

    /// <summary>The statement that holds a snapshot; null if none does.</summary>
    public Statement? HoldOf(SnapshotId id, Sha256Digest manifestSha256) =>
        Standing(id, manifestSha256, StatementKind.Held);

    /// <summary>The statement that excludes a snapshot; null if none does.</summary>
    public Statement? ExclusionOf(SnapshotId id, Sha256Digest manifestSha256) =>
        Standing(id, manifestSha256, StatementKind.Excluded);

    /// <summary>Whether a snapshot counts as if it were signed.</summary>
    public bool IsAdopted(SnapshotId id, Sha256Digest manifestSha256) => _bySnapshot[id].Any(
        pair => pair.Statement.Kind == StatementKind.Adopted && pair.Snapshot.IsOf(id, manifestSha256));

    /// <summary>Whether it is known why a snapshot does not exist.</summary>
    public bool AccountFor(SnapshotId id, Sha256Digest manifestSha256) => _bySnapshot[id].Any(
        pair => pair.Statement.Kind is StatementKind.Retired or StatementKind.Accepted
            && pair.Snapshot.IsOf(id, manifestSha256));

    /// <summary>The highest number of a chain that a statement mentions; 0 if none does.</summary>
    public int HighestNumber(string chain) => Statements
        .SelectMany(named => named.Statement.Snapshots)
        .Where(snapshot => snapshot.Chain == chain)
        .Max(snapshot => snapshot.Number) ?? 0;

    private Statement? Standing(SnapshotId id, Sha256Digest manifestSha256, StatementKind kind)
    {
        Statement? last = _bySnapshot[id]
            .Where(pair => pair.Snapshot.IsOf(id, manifestSha256)
                && (pair.Statement.Kind == kind || pair.Statement.Kind == StatementKind.Released))
            .Select(pair => pair.Statement)
            .LastOrDefault();
        return last?.Kind == kind ? last : null;
    }
}
