using System.Security.Cryptography;
using System.Text;

namespace EtcdBackupAgent.Archive.Signatures;

/// <summary>
/// A detached signature in the format of OpenSSH (PROTOCOL.sshsig), which <c>ssh-keygen -Y verify</c> checks. The
/// namespace says what kind of document is signed, so that a signature cannot be used for another kind.
/// </summary>
public sealed class SshSignature
{
    /// <summary>The largest armored signature that is read, in bytes; those of known keys have about 420.</summary>
    public const int BytesMax = 4096;

    private const string BeginLine = "-----BEGIN SSH SIGNATURE-----";
    private const string EndLine = "-----END SSH SIGNATURE-----";
    private const int ColumnsMax = 70;
    private const uint Version = 1;

    private readonly byte[] _signature;
    private readonly string _hash;

    private SshSignature(SshPublicKey key, string @namespace, string hash, byte[] signature)
    {
        Key = key;
        Namespace = @namespace;
        _hash = hash;
        _signature = signature;
    }

    /// <summary>The key that made the signature, according to the signature itself.</summary>
    public SshPublicKey Key { get; }

    /// <summary>The kind of the signed document.</summary>
    public string Namespace { get; }

    private static ReadOnlySpan<byte> Magic => "SSHSIG"u8;

    /// <summary>Signs a document and returns the armored signature.</summary>
    public static byte[] Sign(SigningKey key, string @namespace, ReadOnlySpan<byte> document)
    {
        const string hash = "sha512";
        byte[] signature = key.Sign(SignedBytes(@namespace, hash, document));
        byte[] blob = new SshWriter().Raw(Magic).Number(Version)
            .Text(key.PublicKey.Blob).Text(@namespace).Text("").Text(hash).Text(signature).ToArray();
        return Encoding.ASCII.GetBytes(
            $"{BeginLine}\n"
            + string.Concat(Convert.ToBase64String(blob).Chunk(ColumnsMax).Select(line => $"{new string(line)}\n"))
            + $"{EndLine}\n");
    }

    /// <summary>Reads an armored signature; it is not checked yet.</summary>
    /// <exception cref="SignatureException">It is malformed, or of an unsupported kind.</exception>
    public static SshSignature Read(ReadOnlySpan<byte> armored)
    {
        string text = Encoding.UTF8.GetString(armored).Trim();
        if (armored.Length > BytesMax || !text.StartsWith(BeginLine, StringComparison.Ordinal)
            || !text.EndsWith(EndLine, StringComparison.Ordinal) || text.Length < BeginLine.Length + EndLine.Length)
        {
            throw new SignatureException("is not a signature of SSH");
        }

        try
        {
            return ReadBlob(Convert.FromBase64String(text[BeginLine.Length..^EndLine.Length]));
        }
        catch (FormatException e)
        {
            throw new SignatureException("is not a signature of SSH: its content is not base64", e);
        }
    }

    /// <summary>Whether <see cref="Key"/> made this signature, of this document, for this namespace.</summary>
    /// <exception cref="SignatureException">The signature is malformed.</exception>
    public bool Verifies(string @namespace, ReadOnlySpan<byte> document) =>
        Namespace == @namespace && Key.Verifies(SignedBytes(@namespace, _hash, document), _signature);

    private static SshSignature ReadBlob(byte[] blob)
    {
        const string what = "a signature of SSH";
        SshReader reader = new(blob, what);
        if (!reader.Raw(Magic.Length).SequenceEqual(Magic) || reader.Number() != Version)
        {
            throw new SignatureException($"is not {what} of version {Version}");
        }

        SshPublicKey key = SshPublicKey.Read(reader.Text());
        string @namespace = reader.AsciiText();
        reader.Text();
        string hash = reader.AsciiText();
        byte[] signature = reader.Text().ToArray();
        reader.RequireEnd();
        return hash is "sha256" or "sha512"
            ? new SshSignature(key, @namespace, hash, signature)
            : throw new SignatureException("uses a hash other than sha256 and sha512");
    }

    private static byte[] SignedBytes(string @namespace, string hash, ReadOnlySpan<byte> document) =>
        new SshWriter().Raw(Magic).Text(@namespace).Text("").Text(hash)
            .Text(hash == "sha512" ? SHA512.HashData(document) : SHA256.HashData(document)).ToArray();
}
