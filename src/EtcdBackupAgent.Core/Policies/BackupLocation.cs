namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// A <c>BackupLocation</c>, validated: where a repository is. Either <see cref="Url"/> is a <c>file:///</c> directory and the S3 fields
/// are null, or it is the S3 endpoint and <see cref="BucketName"/> is set.
/// </summary>
public sealed record BackupLocation
{
    public required ResourceName Name { get; init; }

    /// <summary>The S3 endpoint (<c>http</c> or <c>https</c>) or the directory (<c>file</c>).</summary>
    public required Uri Url { get; init; }

    /// <summary>S3 bucket; null for a directory.</summary>
    public string? BucketName { get; init; }

    /// <summary>Put before every key, with <c>/</c> between; null for none. Several repositories may share a bucket so.</summary>
    public string? Prefix { get; init; }

    /// <summary>S3 region; null lets the store decide.</summary>
    public string? Region { get; init; }

    /// <summary>Whether the bucket's name goes into the path rather than the host name.</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>PEM text of the certificate authority to trust for the endpoint; null for the system's.</summary>
    public string? CaCertificate { get; init; }

    /// <summary>What the S3 server is asked to do with every object.</summary>
    public ObjectSettings Objects { get; init; } = ObjectSettings.None;

    /// <summary>
    /// Name of the Secret with <c>access_key</c> and <c>secret_key</c>, and the passphrase if there is one. For a directory
    /// it holds only the passphrase, and may be null.
    /// </summary>
    public ResourceName? Credentials { get; init; }

    public required LocationEncryption Encryption { get; init; }
}
