using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>Converts a main revision from and to the bytes that etcd stores (<see cref="RevisionKey"/>).</summary>
internal static class RevisionBytes
{
    /// <summary>Reads the main revision.</summary>
    /// <exception cref="SnapshotDamagedException">The bytes are not a revision.</exception>
    public static long Main(ReadOnlySpan<byte> bytes, string where) => RevisionKey.TryRead(bytes, out RevisionKey key)
        ? key.Main
        : throw new SnapshotDamagedException(
            $"{Convert.ToHexStringLower(bytes)} in '{where}' is not a revision.");

    /// <summary>Returns the bytes of the first change of a revision.</summary>
    public static byte[] Of(long main)
    {
        byte[] bytes = new byte[RevisionKey.TombstoneSizeBytes];
        int length = new RevisionKey(new Revision(main, 0), IsTombstone: false).Write(bytes);
        return bytes[..length];
    }
}
