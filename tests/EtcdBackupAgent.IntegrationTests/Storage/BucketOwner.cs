using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>
/// Operations of the buckets' owner outside this agent's store: settings, policies, uploads that are never completed.
/// </summary>
internal sealed class BucketOwner(RgwServer server, string? accessKey = null, string? secretKey = null) : IDisposable
{
    private readonly AmazonS3Client _client = new(
        new BasicAWSCredentials(accessKey ?? server.AccessKey, secretKey ?? server.SecretKey),
        new AmazonS3Config
        {
            ServiceURL = server.HttpEndpoint.AbsoluteUri,
            ForcePathStyle = true,
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });

    public Task EnableVersioningAsync(string bucket) => _client.PutBucketVersioningAsync(new PutBucketVersioningRequest
    {
        BucketName = bucket,
        VersioningConfig = new S3BucketVersioningConfig { Status = VersionStatus.Enabled },
    });

    /// <summary>Sets the lock that the bucket gives to every object.</summary>
    public Task PutDefaultLockAsync(string bucket, Core.Stores.ObjectLockMode mode, int days) =>
        _client.PutObjectLockConfigurationAsync(new PutObjectLockConfigurationRequest
        {
            BucketName = bucket,
            ObjectLockConfiguration = new ObjectLockConfiguration
            {
                ObjectLockEnabled = ObjectLockEnabled.Enabled,
                Rule = new ObjectLockRule
                {
                    DefaultRetention = new DefaultRetention
                    {
                        Mode = mode == Core.Stores.ObjectLockMode.Compliance
                            ? ObjectLockRetentionMode.Compliance
                            : ObjectLockRetentionMode.Governance,
                        Days = days,
                    },
                },
            },
        });

    /// <summary>Removes a version, and asks to lift its lock.</summary>
    public Task DeleteBypassingAsync(string bucket, string key, string versionId) =>
        _client.DeleteObjectAsync(new DeleteObjectRequest
        {
            BucketName = bucket,
            Key = key,
            VersionId = versionId,
            BypassGovernanceRetention = true,
        });

    public Task BeginUploadAsync(string bucket, string key) =>
        _client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = bucket, Key = key });

    public Task PutPolicyAsync(string bucket, string json) =>
        _client.PutBucketPolicyAsync(new PutBucketPolicyRequest { BucketName = bucket, Policy = json });

    public Task<GetObjectMetadataResponse> HeadAsync(string bucket, string key) =>
        _client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = key });

    /// <summary>Returns the tags as NAME=VALUE, in ordinal order.</summary>
    public async Task<string[]> TagsAsync(string bucket, string key)
    {
        GetObjectTaggingResponse answer = await _client.GetObjectTaggingAsync(
            new GetObjectTaggingRequest { BucketName = bucket, Key = key });
        return [.. answer.Tagging.Select(tag => $"{tag.Key}={tag.Value}").Order(StringComparer.Ordinal)];
    }

    public void Dispose() => _client.Dispose();
}
