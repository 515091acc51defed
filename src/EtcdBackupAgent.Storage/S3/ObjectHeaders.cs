using Amazon.S3;
using Amazon.S3.Model;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using ObjectLockMode = Amazon.S3.ObjectLockMode;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The headers that define how an object is stored. They belong to the request that creates the object: PutObject or
/// CreateMultipartUpload, but not UploadPart.
/// </summary>
internal static class ObjectHeaders
{
    public static PutObjectRequest With(
        this PutObjectRequest request, ObjectSettings settings, ObjectLock? wanted)
    {
        request.ServerSideEncryptionMethod = Encryption(settings);
        request.ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId;
        request.StorageClass = StorageClass(settings);
        request.TagSet = Tags(settings);
        if (wanted is not null)
        {
            request.ObjectLockMode = LockMode(wanted.Mode);
            request.ObjectLockRetainUntilDate = wanted.Until.UtcDateTime;
        }

        return request;
    }

    public static InitiateMultipartUploadRequest With(
        this InitiateMultipartUploadRequest request, ObjectSettings settings, ObjectLock? wanted)
    {
        request.ServerSideEncryptionMethod = Encryption(settings);
        request.ServerSideEncryptionKeyManagementServiceKeyId = settings.KmsKeyId;
        request.StorageClass = StorageClass(settings);
        request.TagSet = Tags(settings);
        if (wanted is not null)
        {
            request.ObjectLockMode = LockMode(wanted.Mode);
            request.ObjectLockRetainUntilDate = wanted.Until.UtcDateTime;
        }

        return request;
    }

    /// <summary>Returns the lock in the headers of a response; null if there is none.</summary>
    public static ObjectLock? LockOf(ObjectLockMode? mode, DateTime? until) => mode is null || until is null
        ? null
        : new ObjectLock(ModeOf(mode), new DateTimeOffset(until.Value.ToUniversalTime()));

    /// <summary>Returns the mode of a server; an unknown one is treated as the weaker.</summary>
    public static Core.Stores.ObjectLockMode ModeOf(string mode) => mode == ObjectLockMode.Compliance.Value
        ? Core.Stores.ObjectLockMode.Compliance
        : Core.Stores.ObjectLockMode.Governance;

    public static ObjectLockMode LockMode(Core.Stores.ObjectLockMode mode) =>
        mode == Core.Stores.ObjectLockMode.Compliance ? ObjectLockMode.Compliance : ObjectLockMode.Governance;

    private static ServerSideEncryptionMethod? Encryption(ObjectSettings settings) =>
        settings.ServerSideEncryption is { } method ? new ServerSideEncryptionMethod(method) : null;

    private static S3StorageClass? StorageClass(ObjectSettings settings) =>
        settings.StorageClass is { } name ? new S3StorageClass(name) : null;

    private static List<Tag>? Tags(ObjectSettings settings) => settings.Tags.Count == 0
        ? null
        : [.. settings.Tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })];
}
