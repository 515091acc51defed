namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>The result of copying a database; see <see cref="RestoreSummary"/>.</summary>
internal sealed record DatabaseCopySummary
{
    public required int MembersReplaced { get; init; }

    public required long RevisionBefore { get; init; }

    public required long RevisionAfter { get; init; }

    public required IReadOnlyList<RestoredAlarm> Alarms { get; init; }

    public required string? ClusterVersion { get; init; }

    public required string? StorageVersion { get; init; }
}
