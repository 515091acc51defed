using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>The rule of <c>docs/spec/repository.md</c> for <c>documentSha256</c>, written anew.</summary>
internal static partial class StoredDocument
{
    /// <summary>The digest that a document must have: over its bytes with the digest's characters as zeros.</summary>
    public static string DigestOf(string document) => Convert.ToHexStringLower(
        SHA256.HashData(Encoding.UTF8.GetBytes(Digest().Replace(document, new string('0', 64)))));

    /// <summary>The digest that it says it has.</summary>
    public static string DigestIn(string document) => Digest().Match(document).Value;

    /// <summary>A changed document with the digest it then must have.</summary>
    public static string Sealed(string document) => Digest().Replace(document, DigestOf(document));

    [GeneratedRegex(
        "(?<=\"documentSha256\":\\s*\")[0-9a-f]{64}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Digest();
}
