namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// The keys of the Secrets that a location and a policy name. They are kubedr's, except the passphrase's, which
/// <see cref="PassphraseLocation"/> has.
/// </summary>
public static class SecretKeys
{
    /// <summary>The public part of the store's credentials.</summary>
    public const string StoreAccessKey = "access_key";

    /// <summary>The secret part of the store's credentials.</summary>
    public const string StoreSecretKey = "secret_key";

    /// <summary>The private key that signs the documents of the repository, in PEM; only with signers.</summary>
    public const string SigningKey = "signing_key";

    /// <summary>The CA certificates of etcd, in PEM.</summary>
    public const string EtcdCaCertificates = "ca.crt";

    /// <summary>The client certificate for etcd, in PEM.</summary>
    public const string EtcdClientCertificate = "client.crt";

    /// <summary>The key of the client certificate for etcd, in PEM.</summary>
    public const string EtcdClientKey = "client.key";

    /// <summary>All keys of the Secret for a store.</summary>
    public static IReadOnlyList<string> OfStore { get; } = [StoreAccessKey, StoreSecretKey];

    /// <summary>All keys of the Secret for etcd.</summary>
    public static IReadOnlyList<string> OfEtcd { get; } = [EtcdCaCertificates, EtcdClientCertificate, EtcdClientKey];
}
