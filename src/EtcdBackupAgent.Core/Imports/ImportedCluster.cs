using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Snapshots.DataDirectory;
using EtcdBackupAgent.Snapshots.Reports;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>The cluster that an imported snapshot is of. Its file does not contain the ID.</summary>
/// <param name="Id">The ID.</param>
/// <param name="From">Where it is from.</param>
/// <param name="Warning">Why it may be wrong; null if it is not.</param>
internal sealed record ImportedCluster(EtcdId Id, ImportClusterId From, string? Warning)
{
    /// <summary>Chooses the cluster.</summary>
    /// <remarks>
    /// 1. The ID that the user gave.
    /// 2. The ID of a backup in the repository, if members of the file can have founded that cluster: 64 bits do not
    ///    agree by chance. Otherwise that of an earlier import.
    /// 3. The ID that the members of the file have if they founded the cluster.
    /// </remarks>
    /// <param name="given">The ID that the user gave; null for none.</param>
    /// <param name="state">The members of the file.</param>
    /// <param name="snapshots">The snapshots of the repository.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: it cannot be one cluster, or none.
    /// </exception>
    public static ImportedCluster Choose(EtcdId? given, EtcdState state, IEnumerable<Snapshot> snapshots)
    {
        // 1. the user
        if (given is { } id)
        {
            return new ImportedCluster(id, ImportClusterId.Given, Warning: null);
        }

        // 2. the repository
        IReadOnlySet<ulong> possible = FoundingMembers.AllPossible(state);
        ILookup<bool, EtcdId> known = snapshots
            .Where(snapshot => snapshot.Manifest.Etcd is { } etcd && possible.Contains(etcd.ClusterId.Value))
            .ToLookup(
                snapshot => snapshot.Manifest.Import?.ClusterIdFrom == ImportClusterId.Computed,
                snapshot => snapshot.Manifest.ClusterId);
        EtcdId[] certain = [.. known[false].Distinct()];
        if (certain.Length > 1)
        {
            throw Refuse(
                $"The snapshot can be of several clusters of the repository: {string.Join(", ", certain)}.",
                "Name the one that it is of.");
        }

        EtcdId[] earlier = [.. known[true].Distinct()];
        if ((certain.Length == 1 ? certain : earlier) is [var found])
        {
            return new ImportedCluster(found, ImportClusterId.Known, Warning: null);
        }

        // 3. the members
        ulong computed = FoundingMembers.Compute(state, out bool isCertain)
            ?? throw Refuse(
                "Of which cluster the snapshot is, is not known: it names no member.",
                "Name it: 'etcdctl endpoint status -w json' prints it as cluster_id, 'list' in hexadecimal.");
        return new ImportedCluster(
            new EtcdId(computed),
            ImportClusterId.Computed,
            isCertain ? null : $"The cluster ID {computed:x} is computed from the members in the file. Members have "
                + "joined or left since the cluster was founded, so it may have another one; then its backups do not "
                + "continue the history of this snapshot. If you know the right ID, import the file with it.");
    }

    private static BackupException Refuse(string message, string hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint, Settings = [Setting.ClusterId] };
}
