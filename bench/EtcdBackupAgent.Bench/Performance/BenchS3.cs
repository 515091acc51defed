using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Bench.Performance;

/// <summary>A real S3 server over HTTPS, and the variables with which the commands use it.</summary>
internal sealed class BenchS3 : IAsyncDisposable
{
    private const string Region = "us-east-1";

    private readonly RgwServer _server;
    private readonly string _caFile;

    private BenchS3(RgwServer server, string caFile)
    {
        _server = server;
        _caFile = caFile;
    }

    /// <summary>The variables; restic and the agent read the credentials from the same names.</summary>
    public IReadOnlyDictionary<string, string?> Variables => new Dictionary<string, string?>(StringComparer.Ordinal)
    {
        ["AWS_ACCESS_KEY_ID"] = _server.AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = _server.SecretKey,
        ["S3"] = Endpoint,
        ["S3_CA"] = _caFile,
    };

    /// <summary>The options of the agent that name this server.</summary>
    public static string AgentOptions => $"--s3-endpoint $S3 --s3-region {Region} --s3-ca-file $S3_CA";

    /// <summary>The port of the server on 127.0.0.1.</summary>
    public int Port => _server.HttpsEndpoint.Port;

    private string Endpoint => _server.HttpsEndpoint.GetLeftPart(UriPartial.Authority);

    public static async Task<BenchS3> StartAsync(TestDirectory directory, CancellationToken cancellationToken)
    {
        RgwServer server = await RgwServer.StartAsync(RgwStorage.Disk);
        string caFile = directory["s3-ca.crt"];
        await File.WriteAllTextAsync(caFile, server.CaCertificatePem, cancellationToken);
        return new BenchS3(server, caFile);
    }

    /// <summary>Returns the options for the agent's client in this process.</summary>
    public S3Options Options(string bucket) => new()
    {
        BucketName = bucket,
        Endpoint = _server.HttpsEndpoint,
        Region = Region,
        CaCertificatePem = _server.CaCertificatePem,
        Credentials = new S3Credentials { AccessKey = _server.AccessKey, SecretKey = _server.SecretKey },
    };

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
