using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>The main revision out of, and into, the bytes that etcd stores a revision as (<see cref="RevisionKey"/>).</summary>
internal static class RevisionBytes
{
    /// <exception cref="SnapshotDamagedException">It is no revision.</exception>
    public static long Main(ReadOnlySpan<byte> bytes, string where) => RevisionKey.TryRead(bytes, out RevisionKey key)
        ? key.Main
        : throw new SnapshotDamagedException(
            $"{Convert.ToHexStringLower(bytes)} stands as a revision in '{where}', and is none.");

    /// <summary>The first change of a revision.</summary>
    public static byte[] Of(long main)
    {
        byte[] bytes = new byte[RevisionKey.TombstoneSizeBytes];
        int length = new RevisionKey(new Revision(main, 0), IsTombstone: false).Write(bytes);
        return bytes[..length];
    }
}
