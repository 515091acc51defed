using System.Text;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The members that the snapshot's own cluster has, or had and removed: their ids are never given out again.
/// </summary>
internal static class OldMembers
{
    /// <exception cref="OldMemberException">A new member would have the id of one of them.</exception>
    /// <exception cref="SnapshotDamagedException">The snapshot is damaged.</exception>
    public static void RequireNone(BoltDatabase snapshot, RaftCluster cluster)
    {
        foreach (RaftMember member in cluster.Members)
        {
            RequireAbsent(snapshot, BucketNames.Members, member, "is");
            RequireAbsent(snapshot, BucketNames.MembersRemoved, member, "was");
        }
    }

    private static void RequireAbsent(BoltDatabase snapshot, string bucket, RaftMember member, string verb)
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
