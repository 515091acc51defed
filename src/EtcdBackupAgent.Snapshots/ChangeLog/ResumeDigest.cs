using System.Globalization;
using System.Security.Cryptography;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.ChangeLog;

/// <summary>
/// The first eight bytes of SHA-256 over the stored key and the value of a record. It identifies the last record of a
/// segment, so that a log can be continued without a key. Zero for "no record".
/// </summary>
/// <param name="Value">The eight bytes, the first one highest.</param>
public readonly record struct ResumeDigest(ulong Value)
{
    /// <summary>The digest of a lineage without a record.</summary>
    public static ResumeDigest None { get; }

    /// <summary>The size of the text form, in characters.</summary>
    public const int TextLength = 16;

    /// <summary>Computes the digest of a record.</summary>
    public static ResumeDigest Of(in StoredRecord record)
    {
        Span<byte> key = stackalloc byte[RevisionKey.TombstoneSizeBytes];
        int length = new RevisionKey(new Revision(record.Main, record.Sub), record.IsTombstone).Write(key);
        return Of(key[..length], record.Value.Span);
    }

    /// <summary>Computes the digest of a stored key and its value.</summary>
    internal static ResumeDigest Of(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(key);
        hash.AppendData(value);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return new ResumeDigest(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(digest));
    }

    /// <summary>Reads the text form: exactly 16 lower-case hexadecimal digits.</summary>
    public static bool TryParse(string text, out ResumeDigest digest)
    {
        bool parsed = ulong.TryParse(
            text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value);
        digest = new ResumeDigest(value);
        return parsed && digest.ToString() == text;
    }

    /// <summary>Returns 16 lower-case hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
