using System.Text;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The current and the removed members of the snapshot's own cluster. Their ids must never be reused.
/// </summary>
internal static class OldMembers
{
    /// <summary>Throws if a new member has the id of an old one.</summary>
    /// <exception cref="OldMemberException">A new member would have the id of an old one.</exception>
    /// <exception cref="SnapshotDamagedException">The snapshot is damaged.</exception>
    public static void ThrowIfReused(BoltDatabase snapshot, RaftCluster cluster)
    {
        foreach (RaftMember member in cluster.Members)
        {
            ThrowIfPresent(snapshot, BucketNames.Members, member, "is");
            ThrowIfPresent(snapshot, BucketNames.MembersRemoved, member, "was");
        }
    }

    private static void ThrowIfPresent(BoltDatabase snapshot, string bucket, RaftMember member, string verb)
    {
        byte[] id = Encoding.ASCII.GetBytes(member.HexId);
        if (snapshot.Bucket(BucketNames.Name(bucket)) is { } cursor && cursor.Seek(id) && cursor.Key.SequenceEqual(id))
        {
            throw new OldMemberException(
                $"'{member.Name}' would have the id {member.HexId}, "
                + $"which {verb} that of a member of the snapshot's own cluster.");
        }
    }
}
