using System.Buffers.Binary;

namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>
/// A key of the bucket <c>key</c>: the main revision (8 bytes, big-endian), <c>_</c>, the sub revision (8 bytes,
/// big-endian), and a <c>t</c> if the record is a tombstone. Source: etcd's <c>server/storage/mvcc/revision.go</c>.
/// </summary>
internal readonly record struct RevisionKey(Revision Revision, bool IsTombstone)
{
    public const int SizeBytes = 17;
    public const int TombstoneSizeBytes = SizeBytes + 1;

    private const int SeparatorAt = sizeof(long);
    private const byte Separator = (byte)'_';
    private const byte TombstoneMark = (byte)'t';

    public long Main => Revision.Main;

    /// <summary>Reads a key. Returns false if the bytes are not a revision key.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out RevisionKey key)
    {
        key = default;
        bool isTombstone = bytes.Length == TombstoneSizeBytes && bytes[SizeBytes] == TombstoneMark;
        if ((bytes.Length != SizeBytes && !isTombstone) || bytes[SeparatorAt] != Separator)
        {
            return false;
        }

        long main = BinaryPrimitives.ReadInt64BigEndian(bytes);
        long sub = BinaryPrimitives.ReadInt64BigEndian(bytes[(SeparatorAt + 1)..]);
        key = new RevisionKey(new Revision(main, sub), isTombstone);
        return main >= 0 && sub >= 0;
    }

    /// <summary>Writes the key and returns its length in bytes.</summary>
    /// <param name="bytes">The target, at least <see cref="TombstoneSizeBytes"/> bytes.</param>
    public int Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, Revision.Main);
        bytes[SeparatorAt] = Separator;
        BinaryPrimitives.WriteInt64BigEndian(bytes[(SeparatorAt + 1)..], Revision.Sub);
        if (!IsTombstone)
        {
            return SizeBytes;
        }

        bytes[SizeBytes] = TombstoneMark;
        return TombstoneSizeBytes;
    }
}
