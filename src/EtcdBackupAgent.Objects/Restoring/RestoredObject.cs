namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>What became of an object.</summary>
public enum RestoreOutcome
{
    Created,
    Updated,
    Replaced,

    /// <summary>Left as it is, on purpose.</summary>
    Skipped,

    /// <summary>The plan knew that it cannot be restored.</summary>
    NotPossible,

    /// <summary>The cluster refused the write.</summary>
    Failed,
}

/// <summary>An object, and what became of it.</summary>
/// <param name="Planned">The object in the plan.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Reason">Why it was skipped or refused; null for a write.</param>
public sealed record RestoredObject(PlannedObject Planned, RestoreOutcome Outcome, string? Reason)
{
    /// <summary>What a user should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = Planned.Notes;

    /// <summary>The right that the identity lacks; null if it lacks none.</summary>
    public string? MissingRight { get; init; } = Planned.MissingRight;

    /// <summary>Whether the cluster would refuse the same write again.</summary>
    internal bool IsPermanent { get; init; }
}

/// <summary>What a restore did.</summary>
/// <param name="Objects">All objects of the plan, in its order.</param>
public sealed record ObjectRestoreReport(IReadOnlyList<RestoredObject> Objects)
{
    /// <summary>Whether everything that was selected is in the cluster, but for what was skipped on purpose.</summary>
    public bool IsComplete => Count(RestoreOutcome.Failed) + Count(RestoreOutcome.NotPossible) == 0;

    /// <summary>The rights that the identity lacks.</summary>
    public IReadOnlyList<string> MissingRights =>
        [.. Objects.Select(one => one.MissingRight).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The number of objects with an outcome.</summary>
    public int Count(RestoreOutcome outcome) => Objects.Count(one => one.Outcome == outcome);
}

/// <summary>How far a restore is.</summary>
/// <param name="Done">Objects that were written.</param>
/// <param name="Failed">Objects whose write was refused so far; some are tried again.</param>
/// <param name="Left">Objects that were not tried yet.</param>
public sealed record RestoreProgress(int Done, int Failed, int Left);
