using Amazon.S3.Model;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>The upload of an object in one request.</summary>
internal sealed class SingleUpload(S3Connection connection)
{
    /// <summary>
    /// Stores the bytes; with the condition, only if no object with this key exists. The lock is sent, but not proved.
    /// </summary>
    /// <returns>The server's response; its ETag has been compared with the bytes.</returns>
    public Task<PutObjectResponse> RunAsync(
        ObjectKey key,
        ArraySegment<byte> bytes,
        bool onlyIfAbsent,
        ObjectLock? wanted,
        CancellationToken cancellationToken)
    {
        ContentMd5 digest = ContentMd5.Of(bytes);
        return connection.RunAsync(
            S3Action.Store(key.Value),
            async (client, attempt) =>
            {
                await using Stream body = attempt.Body(bytes);
                PutObjectRequest request = new()
                {
                    BucketName = connection.Options.BucketName,
                    Key = connection.Options.KeyPrefix + key,
                    InputStream = body,
                    AutoCloseStream = false,
                    MD5Digest = digest.Base64,
                    IfNoneMatch = onlyIfAbsent ? "*" : null,
                    UseChunkEncoding = false,
                    DisablePayloadSigning = connection.IsEncrypted,
                };
                PutObjectResponse answer = await client.PutObjectAsync(
                    request.With(connection.Options.Objects, wanted), attempt.CancellationToken);
                digest.CheckAgainst(answer.ETag, answer.ServerSideEncryptionMethod);
                return answer;
            },
            cancellationToken);
    }
}
