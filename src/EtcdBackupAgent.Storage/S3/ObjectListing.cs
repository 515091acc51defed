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

    /// <summary>Lists the versions of one object since its last deletion, newest first.</summary>
    public async Task<IReadOnlyList<S3ObjectVersion>> VersionsAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        string fullKey = Options.KeyPrefix + key;
        List<S3ObjectVersion> found = [];
        ListVersionsResponse? page = null;
        do
        {
            page = await connection.RunAsync(
                S3Action.ListVersions(key.Value),
                (client, attempt) => client.ListVersionsAsync(
                    new ListVersionsRequest
                    {
                        BucketName = Options.BucketName,
                        Prefix = fullKey,
                        KeyMarker = page?.NextKeyMarker,
                        VersionIdMarker = page?.NextVersionIdMarker,
                    },
                    attempt.CancellationToken),
                cancellationToken);
            foreach (S3ObjectVersion version in page.Versions ?? [])
            {
                if (version.Key != fullKey || version.IsDeleteMarker == true)
                {
                    return found;
                }

                found.Add(version);
            }
        }
        while (page.IsTruncated == true);
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
