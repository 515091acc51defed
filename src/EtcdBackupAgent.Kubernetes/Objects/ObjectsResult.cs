namespace EtcdBackupAgent.Kubernetes.Objects;

/// <summary>The result of a restore of objects, in words.</summary>
/// <param name="Account">The service account with whose rights the objects were written.</param>
/// <param name="SnapshotId">The snapshot.</param>
/// <param name="Point">The revision; null for the snapshot's own.</param>
/// <param name="Objects">What was done.</param>
internal sealed record ObjectsResult(
    string Account, string SnapshotId, RestoredPoint? Point, RestoredObjects Objects)
{
    /// <summary>What was done, for an event and a condition.</summary>
    public string Text =>
        (Objects.IsDryRun ? "Dry run of a restore" : "Restore")
        + $" of objects from snapshot {SnapshotId}"
        + (Point is null ? "" : $" at revision {Point.Revision}")
        + (Objects.IsComplete ? " completed: " : " completed in part: ")
        + $"{Objects}{(Objects.IsComplete ? "" : $". {Cause}")}.";

    /// <summary>What a user can do; null if nothing failed.</summary>
    public string? Hint =>
        Objects.IsComplete ? null
        : (Objects.MissingRights.Count > 0
            ? $"Grant the missing rights to service account {Account}"
            : "status.objects.failures and the log of the pod have the reasons")
        + ". Then create another MetadataRestore: what is restored already is equal, and is skipped.";

    /// <summary>Why objects failed: the rights that the account lacks, or else the first failure.</summary>
    private string Cause
    {
        get
        {
            string[] rights = [.. Objects.MissingRights.Take(RestoredObjects.FailuresMax)];
            int more = Objects.MissingRights.Count - rights.Length;
            return rights.Length > 0
                ? $"Service account {Account} lacks the right to {string.Join(", ", rights)}"
                    + (more > 0 ? $" and {more} more" : "")
                : $"First failure: {Objects.Failures[0]}";
        }
    }
}
