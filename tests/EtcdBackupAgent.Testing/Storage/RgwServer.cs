using System.Globalization;
using System.Net;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using static EtcdBackupAgent.Testing.Peers;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// A real S3 server of the test's own: Ceph's RGW over a monitor and an OSD, in a temporary directory, on free ports of
/// 127.0.0.1, over HTTP and over HTTPS with its own CA, with one user. Up in a few seconds; nothing is left when it is
/// disposed.
/// </summary>
public sealed class RgwServer : IAsyncDisposable
{
    /// <summary>A key with which the server encrypts.</summary>
    public const string KmsKeyId = "test-key";

    /// <summary>A name in the server's certificate that no resolver knows: only a proxy goes there.</summary>
    public const string ProxiedName = "s3.test";

    private readonly TestDirectory _directory = new();
    private readonly CephConfiguration _configuration;
    private readonly TestCertificates _authority = new("Test S3 CA");
    private CephCluster? _cluster;
    private readonly RestartableProcess _gateway = new();

    private RgwServer(RgwStorage storage) => _configuration = new CephConfiguration
    {
        Directory = _directory.Path,
        Storage = storage,
        MonitorPort = FreePort.Take(),
        MonitorPortV1 = FreePort.Take(),
        HttpPort = FreePort.Take(),
        HttpsPort = FreePort.Take(),
    };

    public Uri HttpEndpoint => At("http", "127.0.0.1", _configuration.HttpPort);

    public Uri HttpsEndpoint => At("https", "localhost", _configuration.HttpsPort);

    /// <summary>
    /// The certificate of the CA that signed the server's, which is for <c>localhost</c> and 127.0.0.1.
    /// </summary>
    public string CaCertificatePem => _authority.AuthorityPem;

    /// <summary>The user that may make buckets.</summary>
    public string AccessKey => "TESTACCESSKEY0000001";

    public string SecretKey => "test-secret-key-of-no-value-0000000000001";

    /// <summary>Starts a server with no buckets.</summary>
    /// <remarks>
    /// 1. Write the configuration and the certificates. 2. Start the cluster. 3. Make the user. 4. Start the gateway.
    /// </remarks>
    /// <exception cref="FileNotFoundException">
    /// Ceph is not installed; the message says to run <c>eng/peers</c>.
    /// </exception>
    public static async Task<RgwServer> StartAsync(RgwStorage storage = RgwStorage.Memory)
    {
        RgwServer server = new(storage);
        try
        {
            // 1
            CephConfiguration configuration = server._configuration;
            await File.WriteAllTextAsync(configuration.File, configuration.Text);
            TestCertificate certificate = server._authority.Server(["localhost", "127.0.0.1", ProxiedName]);
            await File.WriteAllTextAsync(configuration.CertificateFile, certificate.CertificatePem);
            await File.WriteAllTextAsync(configuration.KeyFile, certificate.KeyPem);

            // 2
            server._cluster = await CephCluster.StartAsync(configuration);

            // 3
            await server.CreateUserAsync("test", server.AccessKey, server.SecretKey);

            // 4
            await server.StartGatewayAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a further user, with nothing of its own and no right to what others have.</summary>
    public Task CreateUserAsync(string name, string accessKey, string secretKey) =>
        AdministerAsync(
            "user",
            "create",
            $"--uid={name}",
            $"--display-name={name}",
            $"--access-key={accessKey}",
            $"--secret-key={secretKey}");

    /// <summary>Runs <c>radosgw-admin</c> against the server.</summary>
    /// <returns>Its standard output.</returns>
    public Task<string> AdministerAsync(params string[] arguments) =>
        CephCluster.RunAsync(RadosgwAdmin, ["-c", _configuration.File, "-n", "client.rgw.a", .. arguments]);

    /// <summary>Kills the gateway with SIGKILL, in the middle of whatever it does. What is stored stays.</summary>
    public Task KillAsync() => _gateway.KillAsync();

    /// <summary>
    /// Starts the gateway again, killing it first if it runs, on the same ports and with the same data.
    /// </summary>
    public Task RestartAsync() => StartGatewayAsync();

    public async ValueTask DisposeAsync()
    {
        await _gateway.DisposeAsync();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _authority.Dispose();
        _directory.Dispose();
    }

    private async Task StartGatewayAsync()
    {
        await _gateway.StartAsync(Radosgw, ["-c", _configuration.File, "-n", "client.rgw.a", "-f"]);
        using HttpClient client = new();
        await _gateway.UntilReadyAsync(async () =>
        {
            using HttpResponseMessage response = await client.GetAsync(HttpEndpoint);
            return response.StatusCode == HttpStatusCode.OK;
        });
    }

    private static Uri At(string scheme, string host, int port) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}"));
}
