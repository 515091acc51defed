namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>The facts that decide whether the snapshot of a deleted record is deleted.</summary>
internal sealed record RecordDeletionFacts
{
    /// <summary>Whether the record was deleted with the namespace and everything in it.</summary>
    public bool IsNamespaceBeingDeleted { get; init; }

    /// <summary>Whether the record was deleted with the definition of the kind.</summary>
    public bool IsDefinitionBeingDeleted { get; init; }

    /// <summary>Whether the location exists and is not being deleted.</summary>
    public bool HasLocation { get; init; }

    /// <summary>Whether the policy exists and is not being deleted.</summary>
    public bool HasPolicy { get; init; }

    /// <summary>The snapshot in the repository; null if the repository was not read because the snapshot stays in any
    /// case.</summary>
    public RecordedSnapshot? Snapshot { get; init; }
}

/// <summary>The snapshot of a deleted record, as the repository has it.</summary>
/// <param name="IsReadable">Whether its manifest can be read.</param>
/// <param name="IsOwn">Whether it belongs to the policy (<see cref="Core.History.OwnSnapshots"/>).</param>
/// <param name="IsGood">Whether it can be restored, as far as is known.</param>
/// <param name="OtherGood">How many other snapshots that belong to the policy can be restored.</param>
internal sealed record RecordedSnapshot(bool IsReadable, bool IsOwn, bool IsGood, int OtherGood)
{
    /// <summary>The IDs of the incremental snapshots that stand on it.</summary>
    public IReadOnlyList<string> Dependents { get; init; } = [];
}

/// <summary>
/// Decides whether a snapshot is deleted with its record. As in kubedr, it is deleted if the user deleted this very
/// record. It stays if the record is only deleted together with something larger, if nothing would be left to restore,
/// or if other snapshots need it.
/// </summary>
internal static class RecordDeletion
{
    /// <returns>Why the snapshot stays; null if it is to be deleted.</returns>
    public static string? ReasonToKeep(RecordDeletionFacts facts) => facts switch
    {
        { IsNamespaceBeingDeleted: true } => "the namespace is being deleted or was created again",
        { IsDefinitionBeingDeleted: true } => "the definition of the kind is being deleted or was created again",
        { HasLocation: false } => "its location is gone or being deleted",
        { HasPolicy: false } => "its policy is gone or being deleted",
        { Snapshot: null } => throw new ArgumentException("The repository has to be read first.", nameof(facts)),
        { Snapshot.IsReadable: false } => "its manifest cannot be read",
        { Snapshot.IsOwn: false } =>
            "it belongs to another cluster, or to another etcd cluster than the one that the policy backs up",
        { Snapshot.Dependents: { Count: > 0 } dependents } =>
            $"the incremental snapshots {string.Join(", ", dependents)} stand on it",
        { Snapshot: { IsGood: true, OtherGood: 0 } } => "it is the last good snapshot of its policy",
        _ => null,
    };

    /// <summary>Whether the repository has to be read for the decision.</summary>
    public static bool NeedsRepository(RecordDeletionFacts facts) =>
        facts is
        {
            IsNamespaceBeingDeleted: false,
            IsDefinitionBeingDeleted: false,
            HasLocation: true,
            HasPolicy: true,
        };
}
