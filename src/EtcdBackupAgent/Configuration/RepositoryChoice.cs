using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;

namespace EtcdBackupAgent.Configuration;

/// <summary>The repository that the command line names.</summary>
internal abstract record RepositoryChoice;

/// <summary>A repository named by <c>--repository</c> and the S3 options.</summary>
internal sealed record DirectRepository : RepositoryChoice
{
    /// <summary>Absolute path of a directory repository; null for S3.</summary>
    public string? Directory { get; init; }

    /// <summary>S3 bucket; null for a directory.</summary>
    public string? BucketName { get; init; }

    public string? Prefix { get; init; }

    /// <summary>Null for AWS.</summary>
    public Uri? S3Endpoint { get; init; }

    public string? S3Region { get; init; }

    public string? S3CaCertificatePem { get; init; }

    /// <summary>The credentials; null for those of the environment.</summary>
    public S3Credentials? S3Credentials { get; init; }

    public ObjectSettings S3Objects { get; init; } = ObjectSettings.None;

    /// <summary>How the objects are locked; null for what the bucket does by itself.</summary>
    public LockRule? S3ObjectLock { get; init; }
}

/// <summary>A repository named by a BackupLocation.</summary>
/// <param name="Location">The location.</param>
/// <param name="Policy">The policy; null if none is named.</param>
/// <param name="Resources">All documents, for the Secrets.</param>
/// <param name="Directory">The directory of the documents, which also contains the pin of the location.</param>
internal sealed record ResourceRepository(
    BackupLocation Location, BackupPolicy? Policy, ResourceSet Resources, string Directory) : RepositoryChoice;
