using Microsoft.AspNetCore.Http;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>The S3 calls of the agent, with the names in Amazon's reference.</summary>
public enum S3Call
{
    CreateBucket,
    ListObjectsV2,
    ListObjectVersions,
    ListMultipartUploads,
    HeadObject,
    GetObject,
    PutObject,
    CreateMultipartUpload,
    UploadPart,
    CompleteMultipartUpload,
    AbortMultipartUpload,
    ListParts,
    GetObjectLockConfiguration,
    PutObjectRetention,
    DeleteObject,
    DeleteObjects,
}

public static class S3Calls
{
    /// <summary>Returns the call of a request with the bucket in its path.</summary>
    public static S3Call Of(HttpRequest request)
    {
        bool isOfBucket = request.Path.Value!.Trim('/').IndexOf('/', StringComparison.Ordinal) < 0;
        IQueryCollection query = request.Query;
        return (request.Method, isOfBucket) switch
        {
            ("GET", true) when query.ContainsKey("uploads") => S3Call.ListMultipartUploads,
            ("GET", true) when query.ContainsKey("object-lock") => S3Call.GetObjectLockConfiguration,
            ("GET", true) when query.ContainsKey("versions") => S3Call.ListObjectVersions,
            ("GET", true) => S3Call.ListObjectsV2,
            ("PUT", true) => S3Call.CreateBucket,
            ("POST", true) => S3Call.DeleteObjects,
            ("GET", false) when query.ContainsKey("uploadId") => S3Call.ListParts,
            ("GET", false) => S3Call.GetObject,
            ("HEAD", false) => S3Call.HeadObject,
            ("PUT", false) when query.ContainsKey("uploadId") => S3Call.UploadPart,
            ("PUT", false) when query.ContainsKey("retention") => S3Call.PutObjectRetention,
            ("PUT", false) => S3Call.PutObject,
            ("POST", false) when query.ContainsKey("uploads") => S3Call.CreateMultipartUpload,
            ("POST", false) => S3Call.CompleteMultipartUpload,
            ("DELETE", false) when query.ContainsKey("uploadId") => S3Call.AbortMultipartUpload,
            ("DELETE", false) => S3Call.DeleteObject,
            _ => throw new InvalidOperationException(
                $"{request.Method} {request.Path}{request.QueryString} is unknown."),
        };
    }
}
