namespace EtcdBackupAgent.Archive.Age;

/// <summary>An age file or key could not be read; the message says what is wrong and where, and never holds a secret.</summary>
public sealed class AgeException(AgeFailure failure, string message, Exception? innerException = null)
    : IOException(message, innerException)
{
    public AgeFailure Failure { get; } = failure;
}

/// <summary>Why an age file or key could not be read.</summary>
public enum AgeFailure
{
    /// <summary>The bytes do not begin as an age file does, neither in its binary nor in its armored form.</summary>
    NotAge,

    /// <summary>The file is cut short: before the end of its header, of its armor, or of its last chunk.</summary>
    Truncated,

    /// <summary>The header breaks a rule of the format.</summary>
    MalformedHeader,

    /// <summary>The ASCII armor around the file breaks a rule of the format.</summary>
    MalformedArmor,

    /// <summary>A recipient (<c>age1…</c>), an identity (<c>AGE-SECRET-KEY-1…</c>) or a file of identities is none.</summary>
    MalformedKey,

    /// <summary>The file is of another version, or asks for more work than is allowed.</summary>
    Unsupported,

    /// <summary>None of the identities can open the file: it was encrypted to others.</summary>
    NoMatchingIdentity,

    /// <summary>The file is encrypted to a passphrase, and to another than the one given.</summary>
    WrongPassphrase,

    /// <summary>An identity fits, but the header is not as its writer left it.</summary>
    HeaderTampered,

    /// <summary>A chunk of the payload is not as its writer left it, not at its place, or data follows the last one.</summary>
    PayloadDamaged,

    /// <summary>A file of identities is itself encrypted, and must be decrypted before it is parsed.</summary>
    IdentityFileEncrypted,
}
