using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Deletes objects: many in one request if the server supports that, otherwise one by one. Some servers have no
/// DeleteObjects; Ceph 16 refuses it to a user who may delete each of the objects.
/// </summary>
internal sealed partial class ObjectDeletion(S3Connection connection, ILogger logger)
{
    /// <summary>The maximum number of keys in one request (docs.aws.amazon.com, "DeleteObjects").</summary>
    private const int BatchKeysMax = 1000;

    /// <summary>The number of single deletions at the same time.</summary>
    private const int SingleDeletesInFlightMax = 16;

    private readonly ILogger _logger = logger;

    /// <summary>Whether to delete one by one; remembered as long as the store is open.</summary>
    private volatile bool _isOneByOne;

    private S3Options Options => connection.Options;

    /// <remarks>
    /// 1. Delete a single key without a batch. 2. Try the batch. 3. Delete one by one what it left. 4. Remember that.
    /// </remarks>
    public async Task RunAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken)
    {
        foreach (ObjectKey[] batch in keys.Chunk(BatchKeysMax))
        {
            // 1
            if (_isOneByOne || batch.Length == 1)
            {
                await DeleteOneByOneAsync(batch, cancellationToken);
                continue;
            }

            // 2
            (IReadOnlyCollection<ObjectKey> left, string? why) = await DeleteBatchAsync(batch, cancellationToken);

            // 3
            await DeleteOneByOneAsync(left, cancellationToken);

            // 4
            if (why is not null && !_isOneByOne)
            {
                _isOneByOne = true;
                LogOneByOne(Options.Address, why);
            }
        }
    }

    /// <returns>The remaining keys, and the reason.</returns>
    private async Task<(IReadOnlyCollection<ObjectKey> Left, string? Why)> DeleteBatchAsync(
        ObjectKey[] batch, CancellationToken cancellationToken)
    {
        try
        {
            IReadOnlyList<DeleteError> errors = await connection.RunAsync(
                S3Action.DeleteSeveral(batch.Length, batch[0].Value),
                (client, attempt) => SendBatchAsync(client, batch, attempt.CancellationToken),
                cancellationToken);
            HashSet<string> failed = [.. errors.Select(error => error.Key)];
            return (
                [.. batch.Where(key => failed.Contains(Options.KeyPrefix + key))],
                errors.Count == 0 ? null : $"{errors[0].Code} for {errors.Count} of {batch.Length} objects");
        }
        catch (BackupException e) when (e.InnerException is { } cause && S3Errors.IsNoSuchBucket(cause))
        {
            // Then none of the objects exists.
            return ([], null);
        }
        catch (BackupException e) when (e.InnerException is { } cause && S3Errors.IsRequestRefused(cause))
        {
            return (batch, e.Message);
        }
    }

    private async Task<IReadOnlyList<DeleteError>> SendBatchAsync(
        IAmazonS3 client, ObjectKey[] batch, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteObjectsAsync(
                new DeleteObjectsRequest
                {
                    BucketName = Options.BucketName,
                    Objects = [.. batch.Select(key => new KeyVersion { Key = Options.KeyPrefix + key })],
                    Quiet = true,
                },
                cancellationToken);
            return [];
        }
        catch (DeleteObjectsException e)
        {
            return e.Response.DeleteErrors;
        }
    }

    private Task DeleteOneByOneAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            keys,
            new ParallelOptions
            {
                MaxDegreeOfParallelism = SingleDeletesInFlightMax,
                CancellationToken = cancellationToken,
            },
            async (key, token) => await DeleteAsync(key, token));

    private async Task DeleteAsync(ObjectKey key, CancellationToken cancellationToken)
    {
        try
        {
            await connection.RunAsync(
                S3Action.Delete(key.Value),
                (client, attempt) => client.DeleteObjectAsync(
                    new DeleteObjectRequest { BucketName = Options.BucketName, Key = Options.KeyPrefix + key },
                    attempt.CancellationToken),
                cancellationToken);
        }
        catch (BackupException e) when (e.InnerException is { } cause
            && (S3Errors.IsNoSuchObject(cause) || S3Errors.IsNoSuchBucket(cause)))
        {
            // Not every server returns 204 for an object that does not exist.
        }
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Store} does not delete several objects in one request, so they are deleted one by one: {Why}")]
    private partial void LogOneByOne(string store, string why);
}
