using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using EtcdBackupAgent.Archive.Age.Primitives;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// A passphrase, to which a file is encrypted and with which it is opened (scrypt). A file that is encrypted to a passphrase
/// is encrypted to nothing else. Wiped when it is disposed.
/// </summary>
public sealed class AgePassphrase : IAgeRecipient, IAgeIdentity, IDisposable
{
    /// <summary>Binary logarithm of the most work that is done to open a file: 4 GiB of memory, and some 15 s.</summary>
    public const int WorkFactorMax = 22;

    /// <summary>What <c>age</c> writes: 256 MiB of memory, and about a second.</summary>
    public const int WorkFactorDefault = 18;

    private readonly SecretBytes _passphrase;
    private readonly int _workFactor = WorkFactorDefault;

    /// <param name="passphrase">Used as UTF-8, byte for byte: white space counts.</param>
    /// <exception cref="ArgumentException">It is empty.</exception>
    public AgePassphrase(ReadOnlySpan<char> passphrase)
    {
        ThrowIfEmpty(passphrase);
        _passphrase = new SecretBytes(Encoding.UTF8.GetByteCount(passphrase));
        Encoding.UTF8.GetBytes(passphrase, _passphrase.Span);
    }

    /// <param name="passphrase">UTF-8, used byte for byte: white space counts, a line feed at the end too.</param>
    /// <exception cref="ArgumentException">It is empty.</exception>
    public AgePassphrase(ReadOnlySpan<byte> passphrase)
    {
        ThrowIfEmpty(passphrase);
        _passphrase = SecretBytes.CopyOf(passphrase);
    }

    /// <summary>
    /// Binary logarithm of the work to encrypt, and so to decrypt; the memory is 2^<see cref="WorkFactor"/> KiB.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not from 1 to <see cref="WorkFactorMax"/>.</exception>
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

    bool IAgeRecipient.IsAlone => true;

    /// <summary>Whether it can be typed, and be passed on in an environment: UTF-8 without NUL.</summary>
    public bool IsText => Utf8.IsValid(_passphrase.Span) && !_passphrase.Span.Contains((byte)0);

    public void Dispose() => _passphrase.Dispose();

    /// <summary>Whether two passphrases are the same, in a time that does not tell where they differ.</summary>
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
            throw new ArgumentException("A passphrase is not empty.", nameof(passphrase));
        }
    }
}
