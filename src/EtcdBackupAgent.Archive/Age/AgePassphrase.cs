using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// A passphrase that encrypts and opens a file (scrypt). A file that is encrypted to a passphrase has no other
/// recipient. Disposing wipes the passphrase.
/// </summary>
public sealed class AgePassphrase : IAgeRecipient, IAgeIdentity, IDisposable
{
    /// <summary>
    /// The binary logarithm of the most work that is accepted to open a file: about 15 s and 4 GiB of memory.
    /// </summary>
    public const int WorkFactorMax = 22;

    /// <summary>The work factor that <c>age</c> uses: 256 MiB of memory and about 1 s.</summary>
    public const int WorkFactorDefault = 18;

    private readonly SecretBytes _passphrase;
    private readonly int _workFactor = WorkFactorDefault;

    /// <param name="passphrase">Used as UTF-8, byte for byte: white space is significant.</param>
    /// <exception cref="ArgumentException">The passphrase is empty.</exception>
    public AgePassphrase(ReadOnlySpan<char> passphrase)
    {
        ThrowIfEmpty(passphrase);
        _passphrase = new SecretBytes(Encoding.UTF8.GetByteCount(passphrase));
        Encoding.UTF8.GetBytes(passphrase, _passphrase.Span);
    }

    /// <param name="passphrase">
    /// UTF-8, used byte for byte: white space is significant, and so is a line feed at the end.
    /// </param>
    /// <exception cref="ArgumentException">The passphrase is empty.</exception>
    public AgePassphrase(ReadOnlySpan<byte> passphrase)
    {
        ThrowIfEmpty(passphrase);
        _passphrase = SecretBytes.CopyOf(passphrase);
    }

    /// <summary>
    /// The binary logarithm of the work to encrypt, and therefore also to decrypt. It needs 2^<see cref="WorkFactor"/>
    /// KiB of memory.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The value is not from 1 to <see cref="WorkFactorMax"/>.
    /// </exception>
    public int WorkFactor
    {
        get => _workFactor;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, WorkFactorMax);
            _workFactor = value;
        }
    }

    AgeRecipientKind IAgeRecipient.Kind => AgeRecipientKind.Passphrase;

    /// <summary>
    /// Whether the passphrase is text, that is UTF-8 without NUL: it can be typed and passed in an environment
    /// variable.
    /// </summary>
    public bool IsText => Utf8.IsValid(_passphrase.Span) && !_passphrase.Span.Contains((byte)0);

    /// <summary>Wipes the passphrase from memory.</summary>
    public void Dispose() => _passphrase.Dispose();

    /// <summary>Whether both passphrases are the same. The comparison takes constant time.</summary>
    public bool IsSameAs(AgePassphrase? other) =>
        other is not null && CryptographicOperations.FixedTimeEquals(_passphrase.Span, other._passphrase.Span);

    AgeStanza IAgeRecipient.Wrap(FileKey fileKey, RandomBytes random) =>
        ScryptStanza.Seal(fileKey, _passphrase.Span, WorkFactor, random);

    FileKey? IAgeIdentity.Unwrap(IReadOnlyList<AgeStanza> stanzas) =>
        stanzas is [{ Type: ScryptStanza.Type } stanza] ? ScryptStanza.Open(stanza, _passphrase.Span) : null;

    private static void ThrowIfEmpty<T>(ReadOnlySpan<T> passphrase)
    {
        if (passphrase.IsEmpty)
        {
            throw new ArgumentException("A passphrase must not be empty.", nameof(passphrase));
        }
    }
}
