using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Amazon.S3;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The MD5 of bytes that are sent. The store checks it on arrival (RFC 1864) and uses it as the object's ETag. It
/// protects against accidents between this machine and the store's disk, not against attacks; the repository itself has
/// the SHA-256 of the whole.
/// </summary>
[SuppressMessage(
    "Security",
    "CA5351",
    Justification = "S3's protocol requires MD5; it does not have to withstand an attacker here.")]
internal sealed record ContentMd5
{
    private const int HexDigits = 32;

    private readonly byte[] _digest;
    private readonly string _suffix;

    private ContentMd5(byte[] digest, string suffix)
    {
        _digest = digest;
        _suffix = suffix;
    }

    /// <summary>The value of the header Content-MD5.</summary>
    public string Base64 => Convert.ToBase64String(_digest);

    public static ContentMd5 Of(ReadOnlySpan<byte> bytes) => new(MD5.HashData(bytes), "");

    /// <summary>
    /// Returns the ETag that S3 gives to an object of several parts: the MD5 of their MD5s, and their number.
    /// </summary>
    public static ContentMd5 OfParts(IReadOnlyList<ContentMd5> parts) => new(
        MD5.HashData([.. parts.SelectMany(part => part._digest)]),
        string.Create(CultureInfo.InvariantCulture, $"-{parts.Count}"));

    public bool Matches(string? etag) => string.Equals(etag?.Trim('"'), ETag, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Compares the MD5 with the ETag of the stored bytes, if that is an MD5; with KMS keys it is not.
    /// </summary>
    /// <exception cref="DamagedUploadException">The store has other bytes.</exception>
    public void CheckAgainst(string etag, ServerSideEncryptionMethod? encryption)
    {
        string plain = etag.Trim('"');
        bool isMd5 = plain.Length == HexDigits && plain.All(char.IsAsciiHexDigit)
            && (encryption is null || encryption == ServerSideEncryptionMethod.None
                || encryption == ServerSideEncryptionMethod.AES256);
        if (isMd5 && !Matches(etag))
        {
            throw new DamagedUploadException($"the sent bytes have the MD5 {ETag}, but the stored bytes have {plain}.");
        }
    }

    private string ETag => Convert.ToHexStringLower(_digest) + _suffix;
}
