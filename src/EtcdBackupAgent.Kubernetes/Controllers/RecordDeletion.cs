namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>What counts when a record was deleted.</summary>
internal sealed record RecordDeletionFacts
{
    /// <summary>Whether the namespace is going away, with everything in it.</summary>
    public bool IsNamespaceGoing { get; init; }

    /// <summary>Whether the definition of the kind is going away, with every record.</summary>
    public bool IsDefinitionGoing { get; init; }

    /// <summary>Whether the location is there and stays.</summary>
    public bool HasLocation { get; init; }

    /// <summary>Whether the policy is there and stays.</summary>
    public bool HasPolicy { get; init; }

    /// <summary>What is in the repository; null where it was not looked at, since the data stays anyway.</summary>
    public RecordedSnapshot? Snapshot { get; init; }
}

/// <summary>The snapshot of a record that was deleted, as it lies in the repository.</summary>
/// <param name="IsReadable">Whether its manifest can be read.</param>
/// <param name="IsOwn">Whether it is the policy's own (<see cref="Core.History.OwnSnapshots"/>).</param>
/// <param name="IsGood">Whether it can be restored as far as is known.</param>
/// <param name="OtherGood">How many other snapshots of the policy's own can be.</param>
internal sealed record RecordedSnapshot(bool IsReadable, bool IsOwn, bool IsGood, int OtherGood);

/// <summary>
/// Decides whether a snapshot follows its record. It does, as in kubedr, if somebody meant this one; it does not if the record
/// only goes with something larger, or if nothing would be left to restore.
/// </summary>
internal static class RecordDeletion
{
    /// <returns>Why the snapshot stays; null if it is to be deleted.</returns>
    public static string? WhyKept(RecordDeletionFacts facts) => facts switch
    {
        { IsNamespaceGoing: true } => "the namespace is being deleted",
        { IsDefinitionGoing: true } => "the definition of the kind is being deleted",
        { HasLocation: false } => "its location is gone or being deleted",
        { HasPolicy: false } => "its policy is gone or being deleted",
        { Snapshot: null } => throw new ArgumentException("The repository has to be looked at first.", nameof(facts)),
        { Snapshot.IsReadable: false } => "its manifest cannot be read",
        { Snapshot.IsOwn: false } =>
            "it is of another cluster, or of another etcd cluster than the one that the policy backs up",
        { Snapshot: { IsGood: true, OtherGood: 0 } } => "it is the last good snapshot of its policy",
        _ => null,
    };

    /// <summary>Whether the repository has to be looked at.</summary>
    public static bool NeedsRepository(RecordDeletionFacts facts) =>
        facts is { IsNamespaceGoing: false, IsDefinitionGoing: false, HasLocation: true, HasPolicy: true };
}
