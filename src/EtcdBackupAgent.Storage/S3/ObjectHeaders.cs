using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The headers that define how an object is stored. They belong to the request that creates the object: PutObject or
/// CreateMultipartUpload, but not UploadPart.
/// </summary>
internal static class ObjectHeaders
{
    public static PutObjectRequest With(this PutObjectRequest request, ObjectSettings settings)
    {
        request.ServerSideEncryptionMethod = Encryption(settings);
        request.ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId;
        request.StorageClass = StorageClass(settings);
        request.TagSet = Tags(settings);
        return request;
    }

    public static InitiateMultipartUploadRequest With(
        this InitiateMultipartUploadRequest request, ObjectSettings settings)
    {
        request.ServerSideEncryptionMethod = Encryption(settings);
        request.ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId;
        request.StorageClass = StorageClass(settings);
        request.TagSet = Tags(settings);
        return request;
    }

    private static ServerSideEncryptionMethod? Encryption(ObjectSettings settings) =>
        settings.ServerSideEncryption is { } method ? new ServerSideEncryptionMethod(method) : null;

    private static S3StorageClass? StorageClass(ObjectSettings settings) =>
        settings.StorageClass is { } name ? new S3StorageClass(name) : null;

    private static List<Tag>? Tags(ObjectSettings settings) => settings.Tags.Count == 0
        ? null
        : [.. settings.Tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })];
}
