using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.S3;

namespace EtcdBackupAgent.Storage.S3;

/// <summary>The SDK's client with the additions that some servers need.</summary>
internal sealed class SdkClient : AmazonS3Client
{
    public SdkClient(AmazonS3Config config)
        : base(config)
    {
    }

    public SdkClient(AWSCredentials credentials, AmazonS3Config config)
        : base(credentials, config)
    {
    }

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.AddHandlerAfter<Marshaller>(new BodyChecksum());
    }
}
