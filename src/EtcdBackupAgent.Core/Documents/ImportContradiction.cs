namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// Whether a manifest has the fields of a backup or those of an import (<c>docs/spec/repository.md</c>, "Imports").
/// </summary>
internal static class ImportContradiction
{
    /// <summary>
    /// Returns which fields contradict each other, as the second part of a sentence; null if none do.
    /// </summary>
    public static string? Find(SnapshotManifest manifest)
    {
        if (manifest.Import is null != (manifest.Reason != BackupReason.Import))
        {
            return manifest.Import is null ? "it is an import, but does not say of what" : "it says of what it was "
                + "imported, but is not an import";
        }

        if (manifest.Import is null)
        {
            return manifest.Etcd is { } read && FindMissing(read) is { } field ? $"its etcd.{field} is missing" : null;
        }

        return manifest.Etcd is null || manifest.IsIncremental || manifest.ChangeLog is not null
                ? "it is an import, but not of a whole database"
            : manifest.FormatVersion < RepositoryJson.ImportFormatVersion
                ? $"it is an import, but has format version {manifest.FormatVersion}"
            : null;
    }

    /// <summary>The first field that a backup always has.</summary>
    private static string? FindMissing(Etcd.EtcdMember member) =>
        member.Endpoint is null ? "endpoint"
        : member.MemberId is null ? "memberId"
        : member.Role is null ? "role"
        : member.Version is null ? "version"
        : member.RaftTerm is null ? "raftTerm"
        : member.RaftIndex is null ? "raftIndex"
        : null;
}
