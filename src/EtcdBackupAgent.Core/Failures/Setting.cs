namespace EtcdBackupAgent.Core.Failures;

/// <summary>
/// A setting that a hint refers to. Its name depends on where the reader sees the hint: an option on the command line,
/// or a field of a resource in its status. The code that shows the failure chooses the name.
/// </summary>
public enum Setting
{
    /// <summary>The directory for temporary data.</summary>
    ScratchDirectory,

    /// <summary>The passphrase or the identity that opens the repository.</summary>
    Identity,

    /// <summary>The private key that signs documents of the repository.</summary>
    SigningKey,

    /// <summary>Whether a snapshot without a valid signature may be read.</summary>
    AllowUnsigned,

    /// <summary>The policy.</summary>
    Policy,

    /// <summary>The revision to restore.</summary>
    Revision,

    /// <summary>The token of the restored cluster.</summary>
    ClusterToken,

    /// <summary>The age at which a snapshot expires.</summary>
    ExpiresIn,

    /// <summary>When an imported snapshot was taken.</summary>
    TakenAt,

    /// <summary>The cluster of an imported snapshot.</summary>
    ClusterId,

    /// <summary>Whether a snapshot file must end in etcd's SHA-256.</summary>
    HashCheck,

    /// <summary>Whether a base is removed together with the incremental snapshots that stand on it.</summary>
    Dependents,

    /// <summary>How long objects are locked.</summary>
    ObjectLock,

    /// <summary>The region of the bucket.</summary>
    S3Region,

    /// <summary>The URL of the S3 server.</summary>
    S3Endpoint,

    /// <summary>The certificate of the CA that signs the S3 server's certificate.</summary>
    S3CaCertificate,

    /// <summary>The key of the S3 server's key management service.</summary>
    S3KmsKey,

    /// <summary>The storage class of new objects.</summary>
    S3StorageClass,
}
