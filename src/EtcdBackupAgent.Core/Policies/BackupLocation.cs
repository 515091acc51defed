using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// A validated <c>BackupLocation</c>: the place of a repository. Either <see cref="Url"/> is a <c>file:///</c>
/// directory and the S3 fields are null, or it is the S3 endpoint and <see cref="BucketName"/> is set.
/// </summary>
public sealed record BackupLocation
{
    public required ResourceName Name { get; init; }

    /// <summary>The S3 endpoint (<c>http</c> or <c>https</c>) or the directory (<c>file</c>).</summary>
    public required Uri Url { get; init; }

    /// <summary>The S3 bucket; null for a directory.</summary>
    public string? BucketName { get; init; }

    /// <summary>
    /// The prefix of every key, followed by <c>/</c>; null for none. It allows several repositories to share a bucket.
    /// </summary>
    public string? Prefix { get; init; }

    /// <summary>The S3 region; null lets the store decide.</summary>
    public string? Region { get; init; }

    /// <summary>Whether the bucket's name is in the path instead of the host name.</summary>
    public bool PathStyle { get; init; } = true;

    /// <summary>The certificate authorities to trust for the endpoint, in PEM; null for the system's.</summary>
    public string? CaCertificate { get; init; }

    /// <summary>The settings that are sent to the S3 server with every object.</summary>
    public ObjectSettings Objects { get; init; } = ObjectSettings.None;

    /// <summary>How the objects are locked; null for what the bucket does by itself, and for a directory.</summary>
    public LockRule? ObjectLock { get; init; }

    /// <summary>
    /// The name of the Secret with <c>access_key</c> and <c>secret_key</c>, and the passphrase if there is one. For a
    /// directory the Secret contains only the passphrase, and may be null.
    /// </summary>
    public ResourceName? Credentials { get; init; }

    public required LocationEncryption Encryption { get; init; }

    /// <summary>
    /// The public keys that the repository's signers must be, as <c>type base64</c>; empty if the location lists none.
    /// </summary>
    public IReadOnlyList<string> Signers { get; init; } = [];
}
