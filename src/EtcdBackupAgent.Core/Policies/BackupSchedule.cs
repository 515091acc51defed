namespace EtcdBackupAgent.Core.Policies;

/// <summary>When a policy runs, as written and as understood. See <c>docs/policies.md</c> for the grammar.</summary>
public sealed record BackupSchedule
{
    /// <summary>As it stands in the policy, for messages and documents.</summary>
    public required string Text { get; init; }

    public required TimeZoneInfo TimeZone { get; init; }
}
