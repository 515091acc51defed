namespace EtcdBackupAgent.Testing.Kills;

/// <summary>A kind of run that is killed.</summary>
public enum KilledVerb
{
    Backup,
    Prune,
    Delete,

    /// <summary>Deeply.</summary>
    Verify,

    /// <summary>To files.</summary>
    Restore,

    /// <summary>To a data directory.</summary>
    RestoreData,
}

/// <summary>Where in the course of a run its kills fell, and what was wrong after them.</summary>
/// <param name="Verb">The kind of run.</param>
/// <param name="Undisturbed">How long a run takes that nobody kills; the moments are drawn from it.</param>
/// <param name="BeforeFirstRequest">Kills before the store was asked for anything.</param>
/// <param name="OnTheWay">Kills after that and before the run's effect was there.</param>
/// <param name="AfterEffect">
/// Kills after the effect had begun to be there: the manifest was being written, or removed.
/// </param>
/// <param name="AfterEnd">Runs that had ended by themselves.</param>
/// <param name="Violations">What must not be; empty if all is well.</param>
public sealed record KillReport(
    KilledVerb Verb,
    TimeSpan Undisturbed,
    int BeforeFirstRequest,
    int OnTheWay,
    int AfterEffect,
    int AfterEnd,
    IReadOnlyList<string> Violations)
{
    public int Kills => BeforeFirstRequest + OnTheWay + AfterEffect;
}
