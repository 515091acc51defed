
namespace EtcdBackupAgent.Archive.Age;

/// <summary>What opens a file: <see cref="AgeIdentity"/> or <see cref="AgePassphrase"/>.</summary>
public interface IAgeIdentity
{
    /// <summary>Finds the stanza that is addressed to it and decrypts the file key; stanzas of other types are not its affair.</summary>
    /// <returns>Null: none is addressed to it, or it is another one's.</returns>
    /// <exception cref="AgeException">A stanza of its type is malformed, or asks for too much work.</exception>
    internal FileKey? Unwrap(IReadOnlyList<AgeStanza> stanzas);
}
