namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// To whom a location's backups are encrypted. There is no default: a location that says nothing is refused, so that nobody
/// stores the cluster's Secrets in plain by leaving something out.
/// </summary>
public abstract record LocationEncryption;

/// <summary><c>spec.encryption: None</c>: whoever reads the store reads the backups.</summary>
public sealed record UnencryptedLocation : LocationEncryption;

/// <summary><c>spec.encryption.recipients</c>: the owner keeps the identities, and the agent never sees one.</summary>
public sealed record RecipientLocation : LocationEncryption
{
    /// <summary>X25519 recipients of age, <c>age1…</c>, each valid and once, as written; at least one.</summary>
    public required IReadOnlyList<string> Recipients { get; init; }
}

/// <summary>
/// A passphrase in the location's Secret. It opens the identity that the repository keeps; a backup does not need it.
/// </summary>
public sealed record PassphraseLocation : LocationEncryption
{
    /// <summary>The preferred key of the passphrase in the Secret.</summary>
    public const string PreferredKey = "repo_password";

    /// <summary>kubedr's key, for Secrets that are there already.</summary>
    public const string KubedrKey = "restic_repo_password";

    public required ResourceName Secret { get; init; }

    /// <summary>The key that is there and is not empty: <see cref="PreferredKey"/>, or else
    /// <see cref="KubedrKey"/>.</summary>
    public required string SecretKey { get; init; }
}
