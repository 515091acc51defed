using EtcdBackupAgent.Archive.Age;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>How a new repository is to be protected. There is no default: somebody has to have said it.</summary>
public abstract record RepositoryProtection;

/// <summary>Not encrypted: whoever can read the repository can read every Secret of the cluster.</summary>
public sealed record Unprotected : RepositoryProtection;

/// <summary>Encrypted to public keys whose private halves their owners keep; the repository holds no key.</summary>
public sealed record RecipientProtection(IReadOnlyList<AgeRecipient> Recipients) : RepositoryProtection;

/// <summary>Encrypted to a new key, which lies in the repository, itself encrypted to a passphrase.</summary>
public sealed record PassphraseProtection(AgePassphrase Passphrase) : RepositoryProtection;
