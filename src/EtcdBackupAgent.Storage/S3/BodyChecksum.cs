using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3.Model;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Adds Content-MD5 to DeleteObjects and PutObjectRetention. Many servers require it (400 MissingContentMD5), but the
/// SDK sends only a CRC32, which they do not support. The handler runs after the request is marshalled and before it is
/// signed.
/// </summary>
internal sealed class BodyChecksum : PipelineHandler
{
    private const string Header = "Content-MD5";

    public override void InvokeSync(IExecutionContext executionContext)
    {
        Add(executionContext.RequestContext);
        base.InvokeSync(executionContext);
    }

    public override Task<T> InvokeAsync<T>(IExecutionContext executionContext)
    {
        Add(executionContext.RequestContext);
        return base.InvokeAsync<T>(executionContext);
    }

    private static void Add(IRequestContext context)
    {
        if (context.OriginalRequest is DeleteObjectsRequest or PutObjectRetentionRequest)
        {
            context.Request.Headers[Header] = ContentMd5.Of(Body(context.Request)).Base64;
        }
    }

    /// <summary>Returns the body, which the SDK has in memory in one of two forms.</summary>
    private static byte[] Body(IRequest request)
    {
        if (request.Content is { } content)
        {
            return content;
        }

        using MemoryStream copy = new();
        request.ContentStream.CopyTo(copy);
        request.ContentStream.Position = request.OriginalStreamPosition;
        return copy.ToArray();
    }
}
