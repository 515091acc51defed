
namespace EtcdBackupAgent.Archive.Age;

/// <summary>A key that opens a file: <see cref="AgeIdentity"/> or <see cref="AgePassphrase"/>.</summary>
public interface IAgeIdentity
{
    /// <summary>
    /// Finds the stanza that is addressed to this identity and decrypts the file key. Ignores stanzas of other types.
    /// </summary>
    /// <returns>Null if no stanza is addressed to this identity.</returns>
    /// <exception cref="AgeException">
    /// A stanza of the identity's type is malformed, or requires a higher work factor than is allowed.
    /// </exception>
    internal FileKey? Unwrap(IReadOnlyList<AgeStanza> stanzas);
}
