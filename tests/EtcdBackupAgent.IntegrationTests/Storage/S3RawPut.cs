using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Storage.S3;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>
/// Puts objects into a bucket that this agent's store never writes, as other users of a shared bucket do.
/// </summary>
internal static class S3RawPut
{
    public static async Task PutAsync(S3Options options, params string[] keys)
    {
        S3Credentials credentials = options.Credentials ?? throw new ArgumentException("There are no credentials.");
        using AmazonS3Client client = new(
            new BasicAWSCredentials(credentials.AccessKey, credentials.SecretKey),
            new AmazonS3Config
            {
                ServiceURL = options.Endpoint?.AbsoluteUri,
                ForcePathStyle = true,
                RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            });
        foreach (string key in keys)
        {
            await client.PutObjectAsync(new PutObjectRequest
            {
                BucketName = options.BucketName,
                Key = key,
                ContentBody = "x",
                UseChunkEncoding = false,
            });
        }
    }
}
