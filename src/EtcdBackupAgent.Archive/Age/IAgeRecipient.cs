
namespace EtcdBackupAgent.Archive.Age;

/// <summary>Whom a file is encrypted to: <see cref="AgeRecipient"/> or <see cref="AgePassphrase"/>.</summary>
public interface IAgeRecipient
{
    /// <summary>A stanza may stand beside others in a header; one of a passphrase may not.</summary>
    internal bool IsAlone { get; }

    /// <summary>Encrypts the file key, with fresh random bytes for each stanza.</summary>
    internal AgeStanza Wrap(FileKey fileKey, RandomBytes random);
}

/// <summary>Fills a buffer with random bytes; the vectors of the tests have their own.</summary>
internal delegate void RandomBytes(Span<byte> buffer);
