using System.Globalization;

namespace EtcdBackupAgent.Archive.Signatures;

/// <summary>
/// Reads the keys that a user trusts: a file <c>allowed_signers</c> as <c>ssh-keygen -Y verify</c> reads it, or public
/// keys, one in each line.
/// </summary>
/// <remarks>
/// A line of <c>allowed_signers</c> is names, options, and a key. The names do not count: every listed key is trusted.
/// Of the options, <c>namespaces</c>, <c>valid-after</c> and <c>valid-before</c> are obeyed; as with
/// <c>ssh-keygen</c> the dates are compared with now. <c>cert-authority</c> is refused.
/// </remarks>
public static class AllowedSigners
{
    /// <summary>The largest file that is read, in characters.</summary>
    public const int CharactersMax = 1 << 20;

    /// <exception cref="SignatureException">A line is malformed; the message contains its number.</exception>
    public static IReadOnlyList<AllowedSigner> Read(string text)
    {
        if (text.Length > CharactersMax)
        {
            throw new SignatureException($"is larger than {CharactersMax} characters");
        }

        List<AllowedSigner> signers = [];
        foreach ((int index, string line) in text.Split('\n').Index())
        {
            string trimmed = line.Trim();
            if (trimmed.Length > 0 && trimmed[0] != '#')
            {
                try
                {
                    signers.Add(ReadLine(trimmed));
                }
                catch (SignatureException e)
                {
                    throw new SignatureException($"is not a list of signers: line {index + 1} {e.Message}", e);
                }
            }
        }

        return signers.Count > 0 ? signers : throw new SignatureException("contains no key");
    }

    private static AllowedSigner ReadLine(string line)
    {
        List<string> words = Words(line);
        int type = words.FindIndex(word => word is SshPublicKey.EcdsaType or SshPublicKey.Ed25519Type);
        if (type < 0 || type > 2 || type + 1 >= words.Count)
        {
            throw new SignatureException(
                $"has no key of the type {SshPublicKey.EcdsaType} or {SshPublicKey.Ed25519Type}");
        }

        AllowedSigner signer = new() { Key = SshPublicKey.Parse(words[type], words[type + 1]) };
        return type == 2 ? Options(words[1]).Aggregate(signer, WithOption) : signer;
    }

    /// <summary>Splits at white space outside of quotation marks.</summary>
    private static List<string> Words(string line) => Split(line, c => c is ' ' or '\t');

    private static List<string> Options(string word) => Split(word, c => c == ',');

    private static List<string> Split(string text, Func<char, bool> separates)
    {
        List<string> parts = [];
        bool isQuoted = false;
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] == '"')
            {
                isQuoted = !isQuoted;
            }

            if (i == text.Length || (!isQuoted && separates(text[i])))
            {
                if (i > start)
                {
                    parts.Add(text[start..i]);
                }

                start = i + 1;
            }
        }

        return isQuoted ? throw new SignatureException("has a quotation mark without an end") : parts;
    }

    private static AllowedSigner WithOption(AllowedSigner signer, string option)
    {
        string[] parts = option.Split('=', 2);
        string value = parts.Length == 2 ? parts[1].Trim('"') : "";
        return parts[0].ToLowerInvariant() switch
        {
            "namespaces" => signer with { Namespaces = value.Split(',') },
            "valid-after" => signer with { ValidAfter = Time(value) },
            "valid-before" => signer with { ValidBefore = Time(value) },
            "cert-authority" => throw new SignatureException("has cert-authority: certificates are not supported"),
            _ => throw new SignatureException($"has the unknown option '{parts[0]}'"),
        };
    }

    /// <summary>YYYYMMDD or YYYYMMDDHHMM[SS], local time, or UTC with a Z.</summary>
    private static DateTimeOffset Time(string value)
    {
        bool isUtc = value.EndsWith('Z');
        return DateTime.TryParseExact(
            isUtc ? value[..^1] : value,
            ["yyyyMMdd", "yyyyMMddHHmm", "yyyyMMddHHmmss"],
            CultureInfo.InvariantCulture,
            isUtc ? DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal : DateTimeStyles.AssumeLocal,
            out DateTime time)
            ? new DateTimeOffset(time)
            : throw new SignatureException($"has the time '{value}', which is not YYYYMMDD or YYYYMMDDHHMM[SS][Z]");
    }
}

/// <summary>A key that a user trusts, for some kinds of documents and at some times.</summary>
public sealed record AllowedSigner
{
    /// <summary>The key.</summary>
    public required SshPublicKey Key { get; init; }

    /// <summary>The namespaces that it may sign for, as patterns with <c>*</c> and <c>?</c>; null for all.</summary>
    public IReadOnlyList<string>? Namespaces { get; init; }

    /// <summary>Before this time it is not trusted; null for always.</summary>
    public DateTimeOffset? ValidAfter { get; init; }

    /// <summary>From this time on it is not trusted; null for always.</summary>
    public DateTimeOffset? ValidBefore { get; init; }

    /// <summary>Whether the key is trusted for a namespace now.</summary>
    public bool Allows(string @namespace, DateTimeOffset now) =>
        (ValidAfter is null || now >= ValidAfter)
        && (ValidBefore is null || now < ValidBefore)
        && (Namespaces is null || Namespaces.Any(pattern =>
            System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, @namespace, ignoreCase: false)));
}
