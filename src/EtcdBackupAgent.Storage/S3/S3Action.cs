namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// The purpose of a request and the permission that it needs. The message contains both if the server refuses the
/// request. This is the complete list of the agent's calls; <c>docs/s3-permissions.md</c> has it as a table.
/// </summary>
/// <param name="Text">The purpose, as in "store 'manifest.json'".</param>
/// <param name="Right">The name of the permission in an S3 policy.</param>
/// <param name="Resource">The resource that the policy must contain.</param>
internal readonly record struct S3Action(string Text, string Right, S3Resource Resource = S3Resource.Objects)
{
    /// <summary>ListObjectsV2.</summary>
    public static S3Action ListObjects { get; } = new("list objects", "s3:ListBucket", S3Resource.Bucket);

    /// <summary>ListMultipartUploads.</summary>
    public static S3Action ListUploads { get; } =
        new("list unfinished uploads", "s3:ListBucketMultipartUploads", S3Resource.Bucket);

    /// <summary>CreateBucket.</summary>
    public static S3Action CreateBucket { get; } = new("create the bucket", "s3:CreateBucket", S3Resource.Bucket);

    /// <summary>HeadObject. Without s3:ListBucket a server refuses it for an object that does not exist.</summary>
    public static S3Action Inspect(string key) => new($"read the metadata of '{key}'", "s3:GetObject");

    /// <summary>GetObject, optionally from a byte offset.</summary>
    public static S3Action Read(string key, long? from = null) =>
        new(from is null ? $"read '{key}'" : $"read '{key}' beyond byte {from}", "s3:GetObject");

    /// <summary>HeadObject with a version; the lock is in the response with s3:GetObjectRetention only.</summary>
    public static S3Action InspectVersion(string key) =>
        new($"read the lock of a version of '{key}'", "s3:GetObjectVersion");

    /// <summary>GetObject with a version.</summary>
    public static S3Action ReadVersion(string key) => new($"read a version of '{key}'", "s3:GetObjectVersion");

    /// <summary>GetObjectLockConfiguration.</summary>
    public static S3Action InspectBucketLock { get; } = new(
        "read the bucket's Object Lock configuration", "s3:GetBucketObjectLockConfiguration", S3Resource.Bucket);

    /// <summary>PutObjectRetention.</summary>
    public static S3Action Lock(string key) => new($"lock '{key}'", "s3:PutObjectRetention");

    /// <summary>PutObject, CreateMultipartUpload.</summary>
    public static S3Action Store(string key) => new($"store '{key}'", "s3:PutObject");

    /// <summary>UploadPart.</summary>
    public static S3Action StorePart(string key, int number) => new($"store part {number} of '{key}'", "s3:PutObject");

    /// <summary>CompleteMultipartUpload.</summary>
    public static S3Action Complete(string key) => new($"complete '{key}'", "s3:PutObject");

    /// <summary>ListParts.</summary>
    public static S3Action InspectUpload(string key) =>
        new($"list the parts of the upload of '{key}'", "s3:ListMultipartUploadParts");

    /// <summary>AbortMultipartUpload.</summary>
    public static S3Action Abort(string key) =>
        new($"abort the unfinished upload of '{key}'", "s3:AbortMultipartUpload");

    /// <summary>DeleteObject.</summary>
    public static S3Action Delete(string key) => new($"delete '{key}'", "s3:DeleteObject");

    /// <summary>DeleteObjects.</summary>
    public static S3Action DeleteSeveral(int count, string first) =>
        new($"delete {count} objects ('{first}' and others)", "s3:DeleteObject");

    /// <summary>ListObjectVersions.</summary>
    public static S3Action ListVersions(string key) =>
        new($"list the versions of '{key}'", "s3:ListBucketVersions", S3Resource.Bucket);

    /// <summary>DeleteObject with a version.</summary>
    public static S3Action DeleteVersion(string key) => new($"delete a version of '{key}'", "s3:DeleteObjectVersion");

    /// <summary>Returns the permission as the user's policy must contain it.</summary>
    public string Permission(S3Options options) => Resource == S3Resource.Bucket
        ? $"{Right} on arn:aws:s3:::{options.BucketName}"
        : $"{Right} on arn:aws:s3:::{options.BucketName}/{options.KeyPrefix}*";
}

/// <summary>The kind of resource that an S3 permission applies to.</summary>
internal enum S3Resource
{
    Objects,
    Bucket,
}
