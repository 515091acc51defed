using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>A second implementation of the rule for <c>documentSha256</c> in <c>docs/spec/repository.md</c>.</summary>
internal static partial class StoredDocument
{
    /// <summary>Computes the digest of a document: over its bytes, with zeros in place of the digest.</summary>
    public static string DigestOf(string document) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Digest().Replace(document, new string('0', 64)))));

    /// <summary>Returns the digest that the document contains.</summary>
    public static string DigestIn(string document) => Digest().Match(document).Value;

    /// <summary>Returns a changed document with its new digest.</summary>
    public static string Sealed(string document) => Digest().Replace(document, DigestOf(document));

    [GeneratedRegex(
        "(?<=\"documentSha256\":\\s*\")[0-9a-f]{64}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Digest();
}
