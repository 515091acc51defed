using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Storage;

/// <summary>One S3 server for all S3 tests; each test has its own bucket.</summary>
public sealed class RgwFixture : IAsyncLifetime
{
    private RgwServer? _server;
    private int _buckets;

    public RgwServer Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public async Task InitializeAsync() => _server = await RgwServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();

    /// <summary>Returns an unused bucket, over HTTPS, with the server's CA and the correct key.</summary>
    public S3Options Options() => new()
    {
        BucketName = $"bucket-{Interlocked.Increment(ref _buckets)}",
        Endpoint = Server.HttpsEndpoint,
        CaCertificatePem = Server.CaCertificatePem,
        Credentials = new S3Credentials { AccessKey = Server.AccessKey, SecretKey = Server.SecretKey },
        // The minimum, so that few bytes make several parts.
        Upload = new UploadPlan(UploadPlan.PartBytesMin),
    };
}

[CollectionDefinition(Name)]
public sealed class RgwTests : ICollectionFixture<RgwFixture>
{
    public const string Name = "S3 server";
}
