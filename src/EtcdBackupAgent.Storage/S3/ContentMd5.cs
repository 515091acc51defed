using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Amazon.S3;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The MD5 of bytes that are sent: the store checks it on arrival (RFC 1864), and names it as the object's ETag. It guards against
/// accidents between here and the store's disk, not against malice; SHA-256 of the whole is the repository's business.
/// </summary>
[SuppressMessage("Security", "CA5351", Justification = "S3's protocol names MD5; nothing here has to withstand an attacker.")]
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

    /// <summary>As the header Content-MD5 has it.</summary>
    public string Base64 => Convert.ToBase64String(_digest);

    public static ContentMd5 Of(ReadOnlySpan<byte> bytes) => new(MD5.HashData(bytes), "");

    /// <summary>What S3 names an object that was put together from parts: the MD5 of their MD5s, and their number.</summary>
    public static ContentMd5 OfParts(IReadOnlyList<ContentMd5> parts) => new(
        MD5.HashData([.. parts.SelectMany(part => part._digest)]),
        string.Create(CultureInfo.InvariantCulture, $"-{parts.Count}"));

    public bool Matches(string? etag) => string.Equals(etag?.Trim('"'), ETag, StringComparison.OrdinalIgnoreCase);

    /// <summary>Compares with the ETag of what was stored, where that is an MD5: with KMS keys it is not.</summary>
    /// <exception cref="DamagedUploadException">The store has other bytes.</exception>
    public void CheckAgainst(string etag, ServerSideEncryptionMethod? encryption)
    {
        string plain = etag.Trim('"');
        bool isMd5 = plain.Length == HexDigits && plain.All(char.IsAsciiHexDigit)
            && (encryption is null || encryption == ServerSideEncryptionMethod.None
                || encryption == ServerSideEncryptionMethod.AES256);
        if (isMd5 && !Matches(etag))
        {
            throw new DamagedUploadException($"the bytes sent have the MD5 {ETag}, those stored {plain}.");
        }
    }

    private string ETag => Convert.ToHexStringLower(_digest) + _suffix;
}
