using System.Runtime.CompilerServices;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Reads the pages of a bucket's listings; returns null instead of a page if the bucket does not exist.
/// </summary>
internal sealed class ObjectListing(S3Connection connection)
{
    private S3Options Options => connection.Options;

    /// <param name="prefix">The prefix of the keys, after the repository's prefix.</param>
    /// <param name="next">The continuation token of the previous page; null for the first page.</param>
    /// <param name="keysMax">The maximum number of keys in a page; null for the server's own limit.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    public Task<ListObjectsV2Response?> PageAsync(
        string prefix, string? next, int? keysMax, CancellationToken cancellationToken) => UnlessNoBucketAsync(
            connection.RunAsync(
                S3Action.ListObjects,
                (client, attempt) => client.ListObjectsV2Async(
                    new ListObjectsV2Request
                    {
                        BucketName = Options.BucketName,
                        Prefix = Options.KeyPrefix + prefix,
                        ContinuationToken = next,
                        MaxKeys = keysMax,
                    },
                    attempt.CancellationToken),
                cancellationToken));

    /// <summary>Lists the unfinished uploads of all users.</summary>
    public Task<ListMultipartUploadsResponse?> UploadsPageAsync(
        ListMultipartUploadsResponse? previous, CancellationToken cancellationToken) => UnlessNoBucketAsync(
            connection.RunAsync(
                S3Action.ListUploads,
                (client, attempt) => client.ListMultipartUploadsAsync(
                    new ListMultipartUploadsRequest
                    {
                        BucketName = Options.BucketName,
                        Prefix = Options.KeyPrefix,
                        KeyMarker = previous?.NextKeyMarker,
                        UploadIdMarker = previous?.NextUploadIdMarker,
                    },
                    attempt.CancellationToken),
                cancellationToken));

    /// <summary>
    /// Lists all versions and delete markers: in the order of their keys, of each key the newest first.
    /// </summary>
    /// <param name="prefix">The prefix of the keys, after the repository's prefix.</param>
    /// <param name="cancellationToken">A cancelled call leaves nothing behind.</param>
    public async IAsyncEnumerable<S3ObjectVersion> AllVersionsAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ListVersionsResponse? page = null;
        do
        {
            page = await UnlessNoBucketAsync(connection.RunAsync(
                S3Action.ListVersions(prefix),
                (client, attempt) => client.ListVersionsAsync(
                    new ListVersionsRequest
                    {
                        BucketName = Options.BucketName,
                        Prefix = Options.KeyPrefix + prefix,
                        KeyMarker = page?.NextKeyMarker,
                        VersionIdMarker = page?.NextVersionIdMarker,
                    },
                    attempt.CancellationToken),
                cancellationToken));
            foreach (S3ObjectVersion version in page?.Versions ?? [])
            {
                yield return version;
            }
        }
        while (page?.IsTruncated == true);
    }

    /// <summary>Lists the versions of one object since its last deletion, newest first.</summary>
    public async Task<IReadOnlyList<S3ObjectVersion>> VersionsAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        string fullKey = Options.KeyPrefix + key;
        List<S3ObjectVersion> found = [];
        await foreach (S3ObjectVersion version in AllVersionsAsync(key.Value, cancellationToken))
        {
            if (version.Key != fullKey || version.IsDeleteMarker == true)
            {
                break;
            }

            found.Add(version);
        }

        return found;
    }

    private static async Task<T?> UnlessNoBucketAsync<T>(Task<T> listing)
        where T : class
    {
        try
        {
            return await listing;
        }
        catch (BackupException e) when (e.InnerException is { } cause && S3Errors.IsNoSuchBucket(cause))
        {
            return null;
        }
    }
}
