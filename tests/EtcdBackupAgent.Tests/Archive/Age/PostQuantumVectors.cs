using System.Globalization;
using EtcdBackupAgent.Archive.Age;
using static EtcdBackupAgent.Tests.Archive.Age.AgeVectorContent;
using static EtcdBackupAgent.Tests.Archive.Age.PostQuantumVectorContent;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>
/// Generates the vectors of the stanza <c>mlkem768x25519</c>: one for each of its rules, and one for each way to break
/// it.
/// </summary>
internal static class PostQuantumVectors
{
    private const string Type = "mlkem768x25519";

    private static readonly byte[] Small = Payload(Plain(100));

    /// <param name="lowOrder">Points of X25519 that give zero with every secret.</param>
    public static IEnumerable<AgeVector> All(IReadOnlyList<string> lowOrder)
    {
        (byte[] share, byte[] body) = Wrap();
        (byte[] otherShare, byte[] otherBody) = Wrap("another post-quantum identity");
        string other = $"-> {Type} {Base64(otherShare)}\n{Base64(otherBody)}\n";

        yield return Opens("right", ToPostQuantum());
        yield return Opens("second-of-two-recipients", other, ToPostQuantum());
        yield return Opens("unknown-stanza-first", "-> x-grease ! ~\n\n", ToPostQuantum());

        // A writer must not mix the kinds; a reader accepts it.
        yield return Opens("before-x25519", ToPostQuantum(), ToIdentity());
        yield return Opens("after-x25519", ToIdentity(body: Base64(new byte[32])), ToPostQuantum());
        yield return Opens("of-another-before-x25519", other, ToIdentity());
        yield return Bad("beside-scrypt", ToPostQuantum(), ToPassphrase());

        yield return NoMatch("other-recipient", other);
        yield return NoMatch("body-changed", ToPostQuantum(body: Base64(Changed(body, 0))));
        yield return NoMatch("tag-changed", ToPostQuantum(body: Base64(Changed(body, 31))));
        yield return NoMatch("ml-kem-changed", WithShare(Base64(Changed(share, 0))));
        yield return NoMatch("x25519-changed", WithShare(Base64(Changed(share, MlKemBytes))));

        // X25519 ignores the highest bit of a point, the hash of the combination does not.
        yield return NoMatch("x25519-highest-bit", WithShare(Base64(Changed(share, share.Length - 1, 0x80))));
        yield return NoMatch("body-of-x25519", ToPostQuantum(body: Base64(WrapForX25519(PublicPoint(Ephemeral)))));
        yield return NoMatch("upper-case-type", ToPostQuantum($"MLKEM768X25519 {Base64(share)}"));
        for (int i = 0; i < lowOrder.Count; i++)
        {
            yield return Bad(
                string.Create(CultureInfo.InvariantCulture, $"low-order-{i + 1}"),
                WithShare(Base64([.. share[..MlKemBytes], .. Convert.FromHexString(lowOrder[i])])));
        }

        yield return Bad("share-1119-bytes", WithShare(Base64(share[..^1])));
        yield return Bad("share-1121-bytes", WithShare(Base64([.. share, 0])));
        yield return Bad("share-of-x25519", WithShare(Base64(PublicPoint(Ephemeral))));
        yield return Bad("share-of-ml-kem", WithShare(Base64(share[..MlKemBytes])));
        yield return Bad("share-padding", WithShare(Base64(share) + "="));
        yield return Bad("share-unused-bits", WithShare(AgeVectors.Unused(Base64(share))));
        yield return Bad("share-url-alphabet", WithShare("-_" + Base64(share)[2..]));
        yield return Bad("no-share", ToPostQuantum(Type));
        yield return Bad("further-argument", ToPostQuantum($"{Type} {Base64(share)} x"));
        yield return Bad("body-31-bytes", ToPostQuantum(body: Base64(body[..31])));
        yield return Bad("body-33-bytes", ToPostQuantum(body: Base64([.. body, 0])));
        yield return Bad("body-empty", ToPostQuantum(body: ""));
        yield return Bad("malformed-after-right", ToPostQuantum(Type), ToPostQuantum());
        yield return Bad("share-in-x25519", ToIdentity($"X25519 {Base64(share)}"));

        byte[] header = Header(ToPostQuantum());
        header[^2] = header[^2] == (byte)'A' ? (byte)'E' : (byte)'A';
        yield return Fails("mac-changed", AgeFailure.HeaderTampered, header);
        foreach (int cut in new[] { 40, 1000, 1540, 1560 })
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"header-cut-at-{cut}");
            yield return new AgeVector($"post-quantum-{name}", AgeFailure.Truncated, 0, header[..cut]);
        }
    }

    private static string WithShare(string base64) => ToPostQuantum($"{Type} {base64}");

    private static AgeVector Opens(string name, params string[] stanzas) =>
        new($"post-quantum-{name}", null, 100, [.. Header(stanzas), .. Small]);

    private static AgeVector Bad(string name, params string[] stanzas) =>
        Fails(name, AgeFailure.MalformedHeader, Header(stanzas));

    private static AgeVector NoMatch(string name, params string[] stanzas) =>
        Fails(name, AgeFailure.NoMatchingIdentity, Header(stanzas));

    private static AgeVector Fails(string name, AgeFailure failure, byte[] header) =>
        new($"post-quantum-{name}", failure, 0, [.. header, .. Small]);

    private static byte[] Changed(byte[] bytes, int offset, byte mask = 1)
    {
        byte[] changed = [.. bytes];
        changed[offset] ^= mask;
        return changed;
    }
}
