namespace EtcdBackupAgent.Archive.Signatures;

/// <summary>
/// A key, a signature or a list of signers cannot be read, or a signature does not fit. The message gives the fault
/// and never contains a secret. It is a sentence without its subject, such as <c>is not a public key: …</c>.
/// </summary>
public sealed class SignatureException(string message, Exception? innerException = null)
    : Exception(message, innerException);
