
namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// A recipient that a file is encrypted to: <see cref="AgeRecipient"/> or <see cref="AgePassphrase"/>.
/// </summary>
public interface IAgeRecipient
{
    /// <summary>Whether the stanza must be the only one of its header, as that of a passphrase must.</summary>
    internal bool MustBeAlone { get; }

    /// <summary>Encrypts the file key with fresh random bytes for each stanza.</summary>
    internal AgeStanza Wrap(FileKey fileKey, RandomBytes random);
}

/// <summary>Fills a buffer with random bytes. The test vectors use fixed bytes instead.</summary>
internal delegate void RandomBytes(Span<byte> buffer);
