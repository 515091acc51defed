using System.Globalization;
using System.Text;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>The file key encrypted to a passphrase (spec, "scrypt recipient stanza").</summary>
internal static class ScryptStanza
{
    public const string Type = "scrypt";

    private const int SaltBytes = 16;

    private static ReadOnlySpan<byte> SaltPrefix => "age-encryption.org/v1/scrypt"u8;

    public static AgeStanza Seal(FileKey fileKey, ReadOnlySpan<byte> passphrase, int workFactor, RandomBytes random)
    {
        Span<byte> salt = stackalloc byte[SaltBytes];
        random(salt);
        using SecretBytes wrapKey = DeriveWrapKey(passphrase, salt, workFactor);
        string workFactorText = workFactor.ToString(CultureInfo.InvariantCulture);
        return new AgeStanza(
            [Type, HeaderBase64.Encode(salt), workFactorText], WrappedFileKey.Seal(wrapKey.Span, fileKey));
    }

    /// <summary>Decrypts the file key. Returns null if the passphrase is wrong.</summary>
    /// <exception cref="AgeException">
    /// The stanza is malformed, or requires a higher work factor than is allowed.
    /// </exception>
    public static FileKey? Open(AgeStanza stanza, ReadOnlySpan<byte> passphrase)
    {
        if (stanza.Arguments.Count != 3
            || HeaderBase64.Decode(Encoding.ASCII.GetBytes(stanza.Arguments[1])) is not { Length: SaltBytes } salt)
        {
            throw Malformed($"must have two arguments; the first must be the canonical base64 of {SaltBytes} bytes");
        }

        int workFactor = WorkFactor(stanza.Arguments[2]);
        WrappedFileKey.CheckLength(stanza);
        using SecretBytes wrapKey = DeriveWrapKey(passphrase, salt, workFactor);
        return WrappedFileKey.Open(wrapKey.Span, stanza.Body);
    }

    /// <summary>
    /// Parses the work factor: digits, the first not 0 (spec: <c>^[1-9][0-9]*$</c>), and no more than is allowed.
    /// </summary>
    private static int WorkFactor(string text)
    {
        if (text.AsSpan().ContainsAnyExceptInRange('0', '9') || text[0] == '0')
        {
            throw Malformed("has a work factor that is not a decimal number, or that has leading zeros");
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int workFactor)
            && workFactor <= AgePassphrase.WorkFactorMax
                ? workFactor
                : throw new AgeException(
                    AgeFailure.Unsupported,
                    $"The age file requires a scrypt work factor of {text[..Math.Min(text.Length, 20)]}; "
                    + $"at most {AgePassphrase.WorkFactorMax} is allowed.");
    }

    private static SecretBytes DeriveWrapKey(ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int workFactor)
    {
        Span<byte> prefixed = stackalloc byte[SaltPrefix.Length + SaltBytes];
        SaltPrefix.CopyTo(prefixed);
        salt.CopyTo(prefixed[SaltPrefix.Length..]);
        SecretBytes wrapKey = new(WrappedFileKey.KeyBytes);
        if (!Scrypt.TryDeriveKey(passphrase, prefixed, workFactor, wrapKey.Span))
        {
            wrapKey.Dispose();
            throw new AgeException(
                AgeFailure.Unsupported,
                $"The scrypt work factor {workFactor} of the age file needs {1L << workFactor >> 10} MiB of memory, "
                + "which could not be allocated.");
        }

        return wrapKey;
    }

    private static AgeException Malformed(string what) =>
        new(AgeFailure.MalformedHeader, $"A stanza of type {Type} in the age header {what}.");
}
