namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>What looking into a whole snapshot file showed.</summary>
public sealed record SnapshotProof
{
    /// <summary>Every check, in the order in which it was made.</summary>
    public required IReadOnlyList<SnapshotCheck> Checks { get; init; }

    /// <summary>Nothing that was checked is wrong.</summary>
    public bool IsSound => Checks.All(check => check.Result != CheckResult.Failed);
}

/// <summary>One thing that was looked at.</summary>
public sealed record SnapshotCheck
{
    public required CheckedPart Part { get; init; }

    public required CheckResult Result { get; init; }

    /// <summary>What was counted, or why it was not checked, as one sentence without a full stop.</summary>
    public required string Detail { get; init; }

    /// <summary>What is wrong, with page or revision; at most <see cref="SnapshotVerifier.ProblemsMax"/>, then their number.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

public enum CheckedPart
{
    /// <summary>The bbolt file: metas, every page reachable once or free, types, order, bounds.</summary>
    Pages,

    /// <summary>Every revision and its key-value record, and etcd's own buckets.</summary>
    Revisions,

    /// <summary>etcd's HashKV, computed again.</summary>
    HashKv,
}

public enum CheckResult
{
    Passed,
    Failed,

    /// <summary>It could not be looked at; the detail says why.</summary>
    NotChecked,
}
