namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// An age file or key cannot be read. The message gives the fault and its place, and never contains a secret.
/// </summary>
public sealed class AgeException(AgeFailure failure, string message, Exception? innerException = null)
    : IOException(message, innerException)
{
    /// <summary>The reason, by which callers choose a hint.</summary>
    public AgeFailure Failure { get; } = failure;
}

/// <summary>The reason why an age file or key cannot be read.</summary>
public enum AgeFailure
{
    /// <summary>The bytes do not begin like an age file, binary or armored.</summary>
    NotAge,

    /// <summary>The file is truncated: it ends inside its header, its armor or its payload.</summary>
    Truncated,

    /// <summary>The header breaks a rule of the format.</summary>
    MalformedHeader,

    /// <summary>The ASCII armor around the file breaks a rule of the format.</summary>
    MalformedArmor,

    /// <summary>
    /// A recipient (<c>age1…</c>), an identity (<c>AGE-SECRET-KEY-…</c>) or an identity file is not valid.
    /// </summary>
    MalformedKey,

    /// <summary>The file has another format version, or requires a higher scrypt work factor than is allowed.</summary>
    Unsupported,

    /// <summary>None of the identities can open the file: it is encrypted to other recipients.</summary>
    NoMatchingIdentity,

    /// <summary>The file is encrypted to a passphrase other than the given one.</summary>
    WrongPassphrase,

    /// <summary>An identity matches, but the header was changed after it was written.</summary>
    HeaderTampered,

    /// <summary>A chunk of the payload was changed or moved, or data follows the last chunk.</summary>
    PayloadDamaged,

    /// <summary>The identity file is itself encrypted and must be decrypted before it is parsed.</summary>
    IdentityFileEncrypted,
}
