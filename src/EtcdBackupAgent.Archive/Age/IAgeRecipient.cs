
namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// A recipient that a file is encrypted to: <see cref="AgeRecipient"/> or <see cref="AgePassphrase"/>.
/// </summary>
public interface IAgeRecipient
{
    /// <summary>All recipients of a file that is written have one kind.</summary>
    internal AgeRecipientKind Kind { get; }

    /// <summary>Encrypts the file key with fresh random bytes for each stanza.</summary>
    internal AgeStanza Wrap(FileKey fileKey, RandomBytes random);
}

/// <summary>What protects the file key in a recipient's stanza.</summary>
internal enum AgeRecipientKind
{
    /// <summary>X25519 alone.</summary>
    Classic,

    /// <summary>
    /// ML-KEM-768 and X25519. A file to such a recipient and to a classic one would be no better protected than one to
    /// the classic one, so it is not written. It is read.
    /// </summary>
    PostQuantum,

    /// <summary>A passphrase, whose stanza must be the only one of its header.</summary>
    Passphrase,
}

/// <summary>Fills a buffer with random bytes. The test vectors use fixed bytes instead.</summary>
internal delegate void RandomBytes(Span<byte> buffer);
