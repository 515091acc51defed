namespace EtcdBackupAgent.Snapshots.Verification;

/// <summary>The result of checking a whole snapshot file.</summary>
public sealed record SnapshotProof
{
    /// <summary>All checks, in the order in which they were made.</summary>
    public required IReadOnlyList<SnapshotCheck> Checks { get; init; }

    /// <summary>Whether no check failed.</summary>
    public bool IsSound => Checks.All(check => check.Result != CheckResult.Failed);
}

/// <summary>One check and its result.</summary>
public sealed record SnapshotCheck
{
    /// <summary>What was checked.</summary>
    public required CheckedPart Part { get; init; }

    /// <summary>Whether it is sound, or could not be checked.</summary>
    public required CheckResult Result { get; init; }

    /// <summary>The counts, or the reason why it was not checked, as one sentence without a full stop.</summary>
    public required string Detail { get; init; }

    /// <summary>
    /// The problems, with page or revision; at most <see cref="SnapshotVerifier.ProblemsMax"/>, then the number of the
    /// others.
    /// </summary>
    public IReadOnlyList<string> Problems { get; init; } = [];
}

/// <summary>The parts of a snapshot file, in the order in which they are checked.</summary>
public enum CheckedPart
{
    /// <summary>
    /// The bbolt file: metas, types, order and bounds, and that every page is reachable once or free.
    /// </summary>
    Pages,

    /// <summary>Every revision and its key-value record, and etcd's own buckets.</summary>
    Revisions,

    /// <summary>etcd's HashKV, computed again from the file.</summary>
    HashKv,
}

/// <summary>The result of a check.</summary>
public enum CheckResult
{
    /// <summary>No problem was found.</summary>
    Passed,

    /// <summary>At least one problem was found.</summary>
    Failed,

    /// <summary>The check was not possible; the detail contains the reason.</summary>
    NotChecked,
}
