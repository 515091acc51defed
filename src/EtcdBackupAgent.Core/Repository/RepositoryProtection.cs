using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Archive.Signatures;

namespace EtcdBackupAgent.Core.Repository;

/// <summary>The protection of a new repository. There is no default: the user must choose one.</summary>
public abstract record RepositoryProtection
{
    /// <summary>The keys whose signatures count; empty for a repository without signatures.</summary>
    public IReadOnlyList<SshPublicKey> Signers { get; init; } = [];
}

/// <summary>Not encrypted: every reader of the repository can read every Secret of the cluster.</summary>
public sealed record Unprotected : RepositoryProtection;

/// <summary>Encrypted to public keys. Their owners keep the private keys; the repository contains no key.</summary>
public sealed record RecipientProtection(IReadOnlyList<AgeRecipient> Recipients) : RepositoryProtection;

/// <summary>Encrypted to a new key. The key is stored in the repository, itself encrypted to a passphrase.</summary>
public sealed record PassphraseProtection(AgePassphrase Passphrase) : RepositoryProtection
{
    /// <summary>Whether the key is post-quantum; otherwise it is an X25519 key.</summary>
    public bool PostQuantum { get; init; }
}
