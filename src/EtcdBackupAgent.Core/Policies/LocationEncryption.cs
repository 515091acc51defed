namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// The encryption of a location's backups. There is no default: a location without this field is refused, so that no
/// user stores the cluster's Secrets in plaintext by omitting it.
/// </summary>
public abstract record LocationEncryption;

/// <summary><c>spec.encryption: None</c>: every reader of the store can read the backups.</summary>
public sealed record UnencryptedLocation : LocationEncryption;

/// <summary><c>spec.encryption.recipients</c>: the owner keeps the identities; the agent never receives one.</summary>
public sealed record RecipientLocation : LocationEncryption
{
    /// <summary>
    /// The most post-quantum recipients: 63 KB. A pod receives its location in one variable, which Linux limits to
    /// 128 KiB.
    /// </summary>
    public const int PostQuantumRecipientsMax = 32;

    /// <summary>
    /// Recipients of age, <c>age1…</c>, each valid, without duplicates and all of one kind, as written; at least one.
    /// </summary>
    public required IReadOnlyList<string> Recipients { get; init; }
}

/// <summary>
/// A passphrase in the location's Secret. It opens the identity in the repository; a backup does not need it.
/// </summary>
public sealed record PassphraseLocation : LocationEncryption
{
    /// <summary>The preferred key of the passphrase in the Secret.</summary>
    public const string PreferredKey = "repo_password";

    /// <summary>kubedr's key, for existing Secrets.</summary>
    public const string KubedrKey = "restic_repo_password";

    public required ResourceName Secret { get; init; }

    /// <summary>
    /// The key that exists and is not empty: <see cref="PreferredKey"/>, or else <see cref="KubedrKey"/>.
    /// </summary>
    public required string SecretKey { get; init; }
}
