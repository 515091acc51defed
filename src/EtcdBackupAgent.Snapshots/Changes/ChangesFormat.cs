using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Encoded;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>The constants of the changes format, version 2 (<c>docs/spec/increments.md</c>).</summary>
internal static class ChangesFormat
{
    /// <summary>How the message of damage begins.</summary>
    public const string Damage = "the changes are damaged";

    /// <summary>The value that ends a list of elements or of entries.</summary>
    public const byte ListEnd = 0;

    public const int DigestBytes = 32;

    /// <summary>The most bytes of the ID of a base.</summary>
    public const int BaseIdBytesMax = 64;

    /// <summary>The most buckets of a file besides <c>key</c>. etcd has about ten.</summary>
    public const int BucketsMax = 1000;

    /// <summary>The longest name of a bucket: <c>MaxKeySize</c> of bbolt.</summary>
    public const int NameBytesMax = 32_768;

    /// <summary>The most bytes of a key with its value: one element in the largest page with its overflow.</summary>
    public const int ElementBytesMax =
        BoltFormat.PageSpanBytesMax - BoltFormat.PageHeaderBytes - BoltFormat.ElementHeaderBytes;

    /// <summary>The most bytes of an entry: its token and its sub revision.</summary>
    public const int EntryBytesMax = 2 * Varint.BytesMax;

    /// <summary>
    /// The largest difference between the main revisions of two entries. A larger one does not fit into a token with
    /// its flags.
    /// </summary>
    public const long MainDifferenceMax = 1L << 61;

    public static ReadOnlySpan<byte> Magic => "etcdchg1"u8;

    /// <summary>The bucket whose elements are written as entries.</summary>
    public static ReadOnlySpan<byte> KeyBucket => "key"u8;
}
