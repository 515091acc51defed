using System.Globalization;
using System.Net;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using static EtcdBackupAgent.Testing.Peers;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// A real S3 server for one test: Ceph's RGW with a monitor and an OSD, in a temporary directory, on free ports of
/// 127.0.0.1. It serves HTTP, and HTTPS with its own CA, and has one user. It starts in a few seconds; disposal removes
/// everything.
/// </summary>
public sealed class RgwServer : IAsyncDisposable
{
    /// <summary>The id of a key for encryption on the server.</summary>
    public const string KmsKeyId = "test-key";

    /// <summary>
    /// A name in the certificate of the server that no resolver knows. It is reachable only via a proxy.
    /// </summary>
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
    /// The certificate of the CA that signed the server certificate, which is for <c>localhost</c> and 127.0.0.1.
    /// </summary>
    public string CaCertificatePem => _authority.AuthorityPem;

    /// <summary>The access key of the user that may create buckets.</summary>
    public string AccessKey => "TESTACCESSKEY0000001";

    public string SecretKey => "test-secret-key-of-no-value-0000000000001";

    /// <summary>Starts a server with no buckets.</summary>
    /// <remarks>
    /// 1. Write the configuration and the certificates. 2. Start the cluster. 3. Create the user. 4. Start the gateway.
    /// </remarks>
    /// <exception cref="FileNotFoundException">
    /// Ceph is not installed; the message names <c>eng/peers</c>.
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

    /// <summary>Creates another user, without buckets and without access to those of others.</summary>
    public Task CreateUserAsync(string name, string accessKey, string secretKey) =>
        AdministerAsync(
            "user",
            "create",
            $"--uid={name}",
            $"--display-name={name}",
            $"--access-key={accessKey}",
            $"--secret-key={secretKey}");

    /// <summary>Runs <c>radosgw-admin</c> against the server.</summary>
    /// <returns>The standard output.</returns>
    public Task<string> AdministerAsync(params string[] arguments) =>
        CephCluster.RunAsync(RadosgwAdmin, ["-c", _configuration.File, "-n", "client.rgw.a", .. arguments]);

    /// <summary>Kills the gateway with SIGKILL at any point of its work. The stored objects remain.</summary>
    public Task KillAsync() => _gateway.KillAsync();

    /// <summary>
    /// Starts the gateway again with the same ports and data. A running one is killed first.
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
