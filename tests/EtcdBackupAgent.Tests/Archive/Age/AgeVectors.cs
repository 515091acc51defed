using System.Globalization;
using EtcdBackupAgent.Archive.Age;
using static EtcdBackupAgent.Tests.Archive.Age.AgeVectorContent;

namespace EtcdBackupAgent.Tests.Archive.Age;

/// <summary>Generates the vectors: one file for each rule of the format, and one for each way to break it.</summary>
internal static class AgeVectors
{
    private const string Letter = "x";

    /// <summary>RFC 7748, section 6.1, and the orders of Curve25519's points: 1, 2, 4 and 8.</summary>
    private static readonly string[] LowOrder =
    [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "E0EB7A7C3B41B8AE1656E3FAF19FC46ADA098DEB9C32B1FD866205165F49B800",
        "5F9C95BCA3508C24B1D0B1559C83EF5B04445CC4581C8E86D8224EDDD09F1157",
        "ECFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
        "EDFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
        "EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F",
    ];

    private static readonly byte[] Small = Payload(Plain(100));

    public static IReadOnlyList<AgeVector> All { get; } =
    [
        .. Right(), .. Headers(), .. X25519Stanzas(), .. ScryptStanzas(), .. Payloads(), .. Armors(),
        .. PostQuantumVectors.All(LowOrder),
    ];

    private static IEnumerable<AgeVector> Right()
    {
        byte[] header = Header(ToIdentity());
        foreach (int size in new[] { 0, 1, 100, Chunk - 1, Chunk, Chunk + 1 })
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"right-{size}");
            yield return Opens(name, size, [.. header, .. Payload(Plain(size))]);
        }

        string other =
            $"-> X25519 {Base64(PublicPoint(Ephemeral))}\n{Base64(WrapForX25519(PublicPoint(Fixed("other", 32))))}\n";
        string grease = $"-> {Letter}-grease ! ~ {Letter}\n";
        yield return Opens("right-second-of-two-recipients", 100, [.. Header(other, ToIdentity()), .. Small]);
        yield return Opens("right-unknown-stanza-first", 100, [.. Header(grease + "\n", ToIdentity()), .. Small]);
        yield return Opens(
            "right-unknown-stanza-last", 100, [.. Header(ToIdentity(), grease + Base64([1]) + "\n"), .. Small]);
        yield return Opens(
            "right-unknown-stanza-of-full-lines", 100,
            [.. Header(grease + $"{Base64(new byte[48])}\n{Base64(new byte[48])}\n\n", ToIdentity()), .. Small]);
        yield return Opens("right-passphrase", 100, [.. Header(ToPassphrase()), .. Small]);
    }

    private static IEnumerable<AgeVector> Headers()
    {
        string stanza = ToIdentity();
        yield return Fails("empty", AgeFailure.Truncated, []);
        yield return Fails(
            "version-2", AgeFailure.Unsupported, [.. Signed("age-encryption.org/v2\n" + stanza), .. Small]);
        yield return Fails(
            "version-other-word", AgeFailure.NotAge, [.. Signed("age-encryption.com/v1\n" + stanza), .. Small]);
        yield return Fails("version-space-before", AgeFailure.NotAge, [.. Signed(" " + V1 + stanza), .. Small]);
        yield return Fails(
            "version-space-after",
            AgeFailure.MalformedHeader,
            [.. Signed("age-encryption.org/v1 \n" + stanza), .. Small]);
        yield return Fails(
            "version-carriage-return",
            AgeFailure.MalformedHeader,
            [.. Signed("age-encryption.org/v1\r\n" + stanza), .. Small]);
        yield return Bad("stanza-carriage-return", V1 + stanza.Replace("\n", "\r\n", StringComparison.Ordinal));
        yield return Bad("stanza-none", V1);
        yield return Bad("stanza-two-spaces", V1 + stanza + $"-> {Letter}  {Letter}\n\n");
        yield return Bad("stanza-space-after", V1 + stanza + $"-> {Letter} \n\n");
        yield return Bad("stanza-no-arguments", V1 + stanza + "-> \n\n");
        yield return Bad("stanza-no-space", V1 + stanza + $"->{Letter}\n\n");
        yield return Bad("stanza-control-character", V1 + stanza + $"-> {Letter}\u0001\n\n");
        yield return Bad("stanza-not-ascii", V1 + stanza + $"-> {Letter}\u00E4\n\n");
        yield return Bad("stanza-blank-line-after", V1 + stanza + "\n");
        yield return Bad("body-65-columns", V1 + stanza + $"-> {Letter}\n{Base64(new byte[48])}A\n");
        yield return Bad("body-68-columns", V1 + stanza + $"-> {Letter}\n{Base64(new byte[51])}\n");
        yield return Bad("body-without-short-line", V1 + stanza + $"-> {Letter}\n{Base64(new byte[48])}\n");
        yield return Bad("body-missing", V1 + stanza + $"-> {Letter}\n");
        yield return Bad("body-padding", V1 + stanza + $"-> {Letter}\nAA==\n");
        yield return Bad("body-unused-bits", V1 + stanza + $"-> {Letter}\nAB\n");
        yield return Bad("body-one-character", V1 + stanza + $"-> {Letter}\nA\n");
        yield return Bad("body-url-alphabet", V1 + stanza + $"-> {Letter}\n-_-_\n");
        yield return Bad("body-space", V1 + stanza + $"-> {Letter}\nAAA A\n");
        yield return Bad("stanzas-4097", V1 + stanza + string.Concat(Enumerable.Repeat($"-> {Letter}\n\n", 4096)));
        yield return Bad("stanza-line-too-long", V1 + stanza + $"-> {new string('x', 16 << 10)}\n\n");

        string mac = Base64(Mac(V1 + stanza));
        byte[] changed = Mac(V1 + stanza);
        changed[31] ^= 1;
        yield return Fails(
            "mac-changed", AgeFailure.HeaderTampered, [.. Ascii($"{V1}{stanza}--- {Base64(changed)}\n"), .. Small]);
        yield return Fails(
            "mac-of-fewer-stanzas", AgeFailure.HeaderTampered,
            [.. Ascii($"{V1}{stanza}-> {Letter}\n\n--- {mac}\n"), .. Small]);
        foreach ((string name, string line) in new[]
        {
            ("padding", $"--- {mac}=\n"),
            ("short", $"--- {mac[..42]}\n"),
            ("31-bytes", $"--- {Base64(changed[..31])}\n"),
            ("33-bytes", $"--- {Base64([.. changed, 0])}\n"), ("missing", "---\n"), ("no-space", $"---{mac}\n"),
            ("two-spaces", $"---  {mac}\n"), ("space-after", $"--- {mac} \n"), ("carriage-return", $"--- {mac}\r\n"),
            ("unused-bits", $"--- {Unused(mac)}\n"),
        })
        {
            yield return Fails($"mac-{name}", AgeFailure.MalformedHeader, [.. Ascii(V1 + stanza + line), .. Small]);
        }

        byte[] header = Header(stanza);
        foreach (int cut in new[] { 5, 21, 22, 40, 80, header.Length - 44, header.Length - 1 })
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"header-cut-at-{cut}");
            yield return Fails(name, AgeFailure.Truncated, header[..cut]);
        }
    }

    private static IEnumerable<AgeVector> X25519Stanzas()
    {
        byte[] share = PublicPoint(Ephemeral);
        byte[] body = WrapForX25519(Identity.Recipient.PublicKey.ToArray());
        for (int i = 0; i < LowOrder.Length; i++)
        {
            yield return Bad(
                string.Create(CultureInfo.InvariantCulture, $"x25519-low-order-{i + 1}"),
                V1 + ToIdentity($"X25519 {Base64(Convert.FromHexString(LowOrder[i]))}"));
        }

        yield return Bad("x25519-share-31-bytes", V1 + ToIdentity($"X25519 {Base64(share[..31])}"));
        yield return Bad("x25519-share-33-bytes", V1 + ToIdentity($"X25519 {Base64([.. share, 0])}"));
        yield return Bad("x25519-share-padding", V1 + ToIdentity($"X25519 {Base64(share)}="));
        yield return Bad("x25519-share-unused-bits", V1 + ToIdentity($"X25519 {Unused(Base64(share))}"));
        yield return Bad("x25519-no-share", V1 + ToIdentity("X25519"));
        yield return Bad("x25519-further-argument", V1 + ToIdentity($"X25519 {Base64(share)} {Letter}"));
        yield return Bad("x25519-body-31-bytes", V1 + ToIdentity(body: Base64(body[..31])));
        yield return Bad("x25519-body-33-bytes", V1 + ToIdentity(body: Base64([.. body, 0])));
        yield return Bad("x25519-body-empty", V1 + ToIdentity(body: ""));
        body[0] ^= 1;
        yield return Fails(
            "x25519-body-changed",
            AgeFailure.NoMatchingIdentity,
            [.. Header(ToIdentity(body: Base64(body))), .. Small]);
        yield return Fails(
            "x25519-other-recipient", AgeFailure.NoMatchingIdentity,
            [.. Header(ToIdentity(body: Base64(WrapForX25519(PublicPoint(Fixed("other", 32)))))), .. Small]);
        yield return Fails(
            "x25519-lower-case-type",
            AgeFailure.NoMatchingIdentity,
            [.. Header(ToIdentity($"x25519 {Base64(share)}")), .. Small]);
    }

    private static IEnumerable<AgeVector> ScryptStanzas()
    {
        string salt = Base64(Salt);
        byte[] body = WrapForPassphrase(AgeVector.Passphrase, 4);
        yield return Bad("scrypt-beside-x25519", V1 + ToPassphrase() + ToIdentity());
        yield return Bad("scrypt-after-x25519", V1 + ToIdentity() + ToPassphrase());
        yield return Bad("scrypt-twice", V1 + ToPassphrase() + ToPassphrase());
        yield return Bad("scrypt-beside-unknown", V1 + ToPassphrase() + $"-> {Letter}\n\n");
        foreach (string text in new[] { "0", "04", "00", "+4", "-4", "4.0", "4x", "0x4" })
        {
            yield return Bad($"scrypt-work-factor-{text}", V1 + ToPassphrase($"scrypt {salt} {text}"));
        }

        foreach (string text in new[] { "23", "64", "4294967300", "18446744073709551620" })
        {
            yield return Fails(
                $"scrypt-work-factor-{text}", AgeFailure.Unsupported,
                [.. Header(ToPassphrase($"scrypt {salt} {text}")), .. Small]);
        }

        yield return Bad("scrypt-no-work-factor", V1 + ToPassphrase($"scrypt {salt}"));
        yield return Bad("scrypt-no-salt", V1 + ToPassphrase("scrypt 4"));
        yield return Bad("scrypt-further-argument", V1 + ToPassphrase($"scrypt {salt} 4 4"));
        yield return Bad("scrypt-salt-15-bytes", V1 + ToPassphrase($"scrypt {Base64(Salt[..15])} 4"));
        yield return Bad("scrypt-salt-17-bytes", V1 + ToPassphrase($"scrypt {Base64([.. Salt, 0])} 4"));
        yield return Bad("scrypt-salt-unused-bits", V1 + ToPassphrase($"scrypt {Unused(salt)} 4"));
        yield return Bad("scrypt-body-31-bytes", V1 + ToPassphrase(body: Base64(body[..31])));
        yield return Bad("scrypt-body-33-bytes", V1 + ToPassphrase(body: Base64([.. body, 0])));
        body[31] ^= 1;
        yield return Fails(
            "scrypt-body-changed", AgeFailure.WrongPassphrase, [.. Header(ToPassphrase(body: Base64(body))), .. Small]);
        yield return Fails(
            "scrypt-other-passphrase", AgeFailure.WrongPassphrase,
            [.. Header(ToPassphrase(body: Base64(WrapForPassphrase("another", 4)))), .. Small]);
        yield return Fails(
            "scrypt-upper-case-type",
            AgeFailure.NoMatchingIdentity,
            [.. Header(ToPassphrase($"Scrypt {salt} 4")), .. Small]);
    }

    private static IEnumerable<AgeVector> Payloads()
    {
        byte[] header = Header(ToIdentity());
        byte[] plain = Plain((2 * Chunk) + 10);
        byte[] first = SealedChunk(0, last: false, plain[..Chunk]);
        byte[] second = SealedChunk(1, last: false, plain[Chunk..(2 * Chunk)]);
        byte[] last = SealedChunk(1, last: true, plain[Chunk..(Chunk + 10)]);
        byte[] fullLast = SealedChunk(0, last: true, plain[..Chunk]);
        byte[] start = [.. header, .. Nonce];
        yield return Fails("payload-no-nonce", AgeFailure.Truncated, header);
        yield return Fails("payload-nonce-cut", AgeFailure.Truncated, start[..^1]);
        yield return Fails("payload-no-chunk", AgeFailure.Truncated, start);
        yield return Fails("payload-15-bytes", AgeFailure.Truncated, [.. header, .. Small[..31]]);
        yield return Fails("payload-cut-in-first-chunk", AgeFailure.PayloadDamaged, [.. header, .. Small[..^1]]);
        yield return Fails(
            "payload-tag-changed", AgeFailure.PayloadDamaged, [.. header, .. Flipped(Small, Small.Length - 1)]);
        yield return Fails("payload-byte-changed", AgeFailure.PayloadDamaged, [.. header, .. Flipped(Small, 16)]);
        yield return Fails("payload-nonce-changed", AgeFailure.PayloadDamaged, [.. header, .. Flipped(Small, 0)]);
        yield return Fails("payload-byte-after", AgeFailure.PayloadDamaged, [.. header, .. Small, 0]);
        yield return Fails("payload-file-after", AgeFailure.PayloadDamaged, [.. header, .. Small, .. header, .. Small]);
        yield return Fails(
            "payload-last-flag-missing", AgeFailure.Truncated, [.. start, .. SealedChunk(0, last: false, plain[..10])]);
        yield return Fails(
            "payload-counter-from-1",
            AgeFailure.PayloadDamaged,
            [.. start, .. SealedChunk(1, last: true, plain[..10])]);
        yield return Fails("chunk-full-last-byte-after", AgeFailure.PayloadDamaged, [.. start, .. fullLast, 0]);
        yield return Fails("chunk-full-last-cut", AgeFailure.PayloadDamaged, [.. start, .. fullLast[..^1]]);
        yield return Fails("chunk-cut-at-border", AgeFailure.Truncated, [.. start, .. first]);
        yield return Fails("chunk-last-too-early", AgeFailure.PayloadDamaged, [.. start, .. fullLast, .. last]);
        yield return Fails("chunk-first-missing", AgeFailure.PayloadDamaged, [.. start, .. second]);
        yield return Fails("chunk-swapped", AgeFailure.PayloadDamaged, [.. start, .. second, .. first]);
        yield return Fails(
            "chunk-last-empty",
            AgeFailure.PayloadDamaged,
            [.. start, .. first, .. SealedChunk(1, last: true, [])],
            Chunk);
        yield return Fails("chunk-last-15-bytes", AgeFailure.Truncated, [.. start, .. first, .. last[..15]], Chunk);
        yield return Fails("chunk-last-cut", AgeFailure.PayloadDamaged, [.. start, .. first, .. last[..^1]], Chunk);
        yield return Fails(
            "chunk-last-changed", AgeFailure.PayloadDamaged, [.. start, .. first, .. Flipped(last, 3)], Chunk);
        yield return Fails("chunk-first-changed", AgeFailure.PayloadDamaged, [.. start, .. Flipped(first, 3), .. last]);
        yield return Fails("chunk-first-twice", AgeFailure.PayloadDamaged, [.. start, .. first, .. first], Chunk);
        yield return Fails(
            "chunk-last-twice", AgeFailure.PayloadDamaged, [.. start, .. first, .. last, .. last], Chunk);
    }

    private static IEnumerable<AgeVector> Armors()
    {
        // 301 bytes: the last line is short and padded.
        byte[] file = [.. Header(ToIdentity()), .. Payload(Plain(101))];
        string armor = Armor(file);
        string[] lines = armor.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string crlf = armor.Replace("\n", "\r\n", StringComparison.Ordinal);
        yield return Opens("armor-right", 101, Ascii(armor));
        yield return Opens("armor-carriage-returns", 101, Ascii(crlf));
        yield return Opens("armor-no-line-feed-at-end", 101, Ascii(armor.TrimEnd('\n')));
        yield return Opens("armor-white-space-around", 101, Ascii($" \t\r\n\n{armor}\n \r\n"));
        yield return Opens(
            "armor-full-last-line", 136, Ascii(Armor([.. Header(ToIdentity()), .. Payload(Plain(136))])));
        yield return Armored(
            "other-label", AgeFailure.NotAge, armor.Replace("AGE ENC", "PGP ENC", StringComparison.Ordinal));
        yield return Armored(
            "lower-case-label", AgeFailure.NotAge, armor.Replace("BEGIN AGE", "BEGIN age", StringComparison.Ordinal));
        yield return Armored(
            "begin-space-after",
            AgeFailure.NotAge,
            armor.Replace("FILE-----\n", "FILE----- \n", StringComparison.Ordinal));
        yield return Armored("text-before", AgeFailure.NotAge, "-\n" + armor);
        yield return Armored(
            "other-end", AgeFailure.MalformedArmor, armor.Replace("END AGE", "END PGP", StringComparison.Ordinal));
        yield return Armored("text-after", AgeFailure.MalformedArmor, armor + "x");
        yield return Armored("twice", AgeFailure.MalformedArmor, armor + armor);
        yield return Armored("white-space-after-too-much", AgeFailure.MalformedArmor, armor + new string('\n', 1025));
        yield return Armored("end-missing", AgeFailure.Truncated, Lines(lines[..^1]));
        yield return Armored("end-cut", AgeFailure.Truncated, armor[..^8]);
        yield return Armored("only-begin", AgeFailure.Truncated, lines[0] + "\n");
        yield return Armored("nothing-in-it", AgeFailure.Truncated, Lines([lines[0], lines[^1]]));
        yield return Armored("last-line-missing", AgeFailure.PayloadDamaged, Lines([.. lines[..^2], lines[^1]]));
        yield return Armored("blank-line", AgeFailure.MalformedArmor, Lines([.. lines[..2], "", .. lines[2..]]));
        yield return Armored(
            "pem-header", AgeFailure.MalformedArmor, Lines([lines[0], "Comment: x", "", .. lines[1..]]));
        yield return Armored(
            "short-line", AgeFailure.MalformedArmor, Lines([lines[0], lines[1][..60], lines[1][60..], .. lines[2..]]));
        yield return Armored(
            "68-columns",
            AgeFailure.MalformedArmor,
            Lines([lines[0], lines[1] + lines[2][..4], lines[2][4..], .. lines[3..]]));
        yield return Armored(
            "space-in-line", AgeFailure.MalformedArmor, Lines([lines[0], lines[1][..63] + " ", .. lines[2..]]));
        yield return Armored(
            "space-after-line", AgeFailure.MalformedArmor, Lines([lines[0], lines[1] + " ", .. lines[2..]]));
        yield return Armored(
            "padding-missing", AgeFailure.MalformedArmor, armor.Replace("=", "", StringComparison.Ordinal));
        yield return Armored(
            "unused-bits", AgeFailure.MalformedArmor,
            Lines(
            [
                .. lines[..^2],
                Unused(lines[^2].TrimEnd('=')) + lines[^2][lines[^2].TrimEnd('=').Length..],
                lines[^1],
            ]));
    }

    private static AgeVector Opens(string name, int plainBytes, byte[] file) => new(name, null, plainBytes, file);

    private static AgeVector Fails(string name, AgeFailure failure, byte[] file, int plainBytes = 0) =>
        new(name, failure, plainBytes, file);

    /// <summary>A header that is malformed, with the right MAC for what it is.</summary>
    private static AgeVector Bad(string name, string beforeMac) =>
        Fails(name, AgeFailure.MalformedHeader, [.. Signed(beforeMac), .. Small]);

    private static AgeVector Armored(string name, AgeFailure failure, string text) =>
        Fails("armor-" + name, failure, Ascii(text));

    private static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => line + "\n"));

    /// <summary>The same bytes in base64 with a bit set that belongs to none of them.</summary>
    public static string Unused(string base64)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        return base64[..^1] + alphabet[alphabet.IndexOf(base64[^1], StringComparison.Ordinal) | 1];
    }

    private static byte[] Flipped(byte[] bytes, int offset)
    {
        byte[] changed = [.. bytes];
        changed[offset] ^= 0x20;
        return changed;
    }
}
