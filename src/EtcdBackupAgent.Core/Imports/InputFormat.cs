using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>What the first bytes of an input say that it is. Names are not looked at.</summary>
/// <param name="Packing">What the database is packed in; null if it is not packed.</param>
internal sealed record InputFormat(ImportPacking? Packing)
{
    /// <summary>The second byte of a zlib header makes both a multiple of this (RFC 1950).</summary>
    private const int ZlibCheckUnit = 31;

    private const string TarSignature = "ustar";
    private const int TarSignatureOffset = 257;

    /// <summary>Formats that are recognized only to say what to do with them.</summary>
    private static readonly (byte[] Signature, string Name, string Hint)[] Others =
    [
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'], "xz", "Unpack it: xz -dc FILE | {0}"),
        ([(byte)'B', (byte)'Z', (byte)'h'], "bzip2", "Unpack it: bzip2 -dc FILE | {0}"),
        ([0x04, 0x22, 0x4D, 0x18], "lz4", "Unpack it: lz4 -dc FILE | {0}"),
        ([0x1F, 0x9D], "compress", "Unpack it: gzip -dc FILE | {0}"),
        ([.. "age-encryption.org/"u8], "age", "Decrypt it: age -d -i KEYFILE FILE | {0}"),
    ];

    /// <summary>Recognizes an input.</summary>
    /// <param name="head">Its first bytes: all of them, or at least <see cref="DatabaseHead.SizeBytes"/>.</param>
    /// <param name="name">What it is, for messages.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>: it is something else.</exception>
    public static InputFormat Recognize(ReadOnlySpan<byte> head, string name)
    {
        if (DatabaseHead.IsDatabase(head))
        {
            return new InputFormat((ImportPacking?)null);
        }

        return FindPacking(head) is { } packing
            ? new InputFormat(packing)
            : throw NotASnapshot(name, head);
    }

    /// <summary>Returns the error for an input that is not a database.</summary>
    public static BackupException NotASnapshot(string name, ReadOnlySpan<byte> head)
    {
        foreach ((byte[] signature, string format, string hint) in Others)
        {
            if (head.StartsWith(signature))
            {
                return Refuse(
                    $"{name} is in the format of {format}, which the agent does not read.",
                    string.Format(null, hint, "etcd-backup-agent import --file - …"));
            }
        }

        return head.IsEmpty ? Refuse($"{name} is empty.", hint: null)
            : IsTar(head)
                ? Refuse(
                    $"{name} is a tar archive and not an etcd snapshot.",
                    "Import the snapshot that it contains: tar -xOf FILE NAME | etcd-backup-agent import --file - …")
            : Refuse(
                $"{name} is not an etcd snapshot: it does not begin as a database of etcd, nor as one that is packed "
                + "by gzip, zlib, zip or zstd.",
                "Give a file that 'etcdctl snapshot save' wrote, or the file member/snap/db of a stopped member.");
    }

    private static ImportPacking? FindPacking(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 0x08]) ? ImportPacking.Gzip
        : head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8) ? ImportPacking.Zip
        : IsZstd(head) ? ImportPacking.Zstd
        : IsZlib(head) ? ImportPacking.Zlib
        : null;

    /// <summary>A frame, or a skippable frame, which parallel compressors write first (RFC 8878).</summary>
    private static bool IsZstd(ReadOnlySpan<byte> head) =>
        head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
        || (head.Length > 4
            && (head[0] & 0xF0) == 0x50
            && head[1..].StartsWith((ReadOnlySpan<byte>)[0x2A, 0x4D, 0x18]));

    /// <summary>Deflate with a window of at most 32 KiB, no dictionary, and a check (RFC 1950).</summary>
    private static bool IsZlib(ReadOnlySpan<byte> head) =>
        head.Length > 2
        && (head[0] & 0x0F) == 8
        && head[0] >> 4 <= 7
        && (head[1] & 0x20) == 0
        && ((head[0] << 8) | head[1]) % ZlibCheckUnit == 0;

    private static bool IsTar(ReadOnlySpan<byte> head) =>
        head.Length > TarSignatureOffset + TarSignature.Length
        && System.Text.Encoding.Latin1.GetString(head.Slice(TarSignatureOffset, TarSignature.Length)) == TarSignature;

    private static BackupException Refuse(string message, string? hint) =>
        new(FailureReason.InvalidInput, message) { Hint = hint };
}
