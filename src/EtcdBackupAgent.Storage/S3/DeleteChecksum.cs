using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3.Model;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>
/// Puts Content-MD5 on DeleteObjects: many servers demand it there (400 MissingContentMD5), while the SDK sends only a
/// CRC32, which they do not know. It runs after the request is written and before it is signed.
/// </summary>
internal sealed class DeleteChecksum : PipelineHandler
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
        if (context.OriginalRequest is DeleteObjectsRequest)
        {
            context.Request.Headers[Header] = ContentMd5.Of(Body(context.Request)).Base64;
        }
    }

    /// <summary>The list of keys, which the SDK has in memory in one form or the other.</summary>
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
