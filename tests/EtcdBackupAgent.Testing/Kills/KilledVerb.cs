namespace EtcdBackupAgent.Testing.Kills;

/// <summary>A kind of run that a test kills.</summary>
public enum KilledVerb
{
    Backup,
    Prune,
    Delete,

    /// <summary>With <c>--deep</c>.</summary>
    Verify,

    /// <summary>To files.</summary>
    Restore,

    /// <summary>To a data directory.</summary>
    RestoreData,
}

/// <summary>The result of a series: when the kills struck, and which invariants were violated.</summary>
/// <param name="Verb">The kind of run.</param>
/// <param name="Undisturbed">The duration of a run without a kill; the moments of the kills lie within it.</param>
/// <param name="BeforeFirstRequest">Kills before the first request to the store.</param>
/// <param name="BeforeEffect">Kills after the first request and before the run had an effect.</param>
/// <param name="AfterEffect">
/// Kills after the effect began: the manifest was being written or removed.
/// </param>
/// <param name="AfterEnd">Runs that ended before the kill.</param>
/// <param name="Violations">The violated invariants; empty for a correct series.</param>
public sealed record KillReport(
    KilledVerb Verb,
    TimeSpan Undisturbed,
    int BeforeFirstRequest,
    int BeforeEffect,
    int AfterEffect,
    int AfterEnd,
    IReadOnlyList<string> Violations)
{
    public int Kills => BeforeFirstRequest + BeforeEffect + AfterEffect;
}
