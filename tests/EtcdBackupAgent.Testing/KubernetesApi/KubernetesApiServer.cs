using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.KubernetesApi;

/// <summary>
/// A real Kubernetes API server of the test's own over a real etcd, HTTPS on a free port of 127.0.0.1, ready when
/// <see cref="StartAsync"/> returns; gone when disposed. There are no nodes and no controllers. See docs/testing.md.
/// </summary>
public sealed class KubernetesApiServer : IAsyncDisposable
{
    /// <summary>Every right, with RBAC and without.</summary>
    private const string AdminGroup = "system:masters";

    /// <summary>The agent's identities in a cluster, as the manifests name them.</summary>
    public static readonly IReadOnlyList<string> ServiceAccounts =
        ["etcd-backup-agent-controller", "etcd-backup-agent-backup", "etcd-backup-agent-restore"];

    private readonly TestDirectory _directory = new();
    private readonly TestCertificates _authority = new("Test Kubernetes CA");
    private readonly int _port = FreePort.Take();
    private EtcdServer? _etcd;
    private readonly RestartableProcess _process = new();

    private KubernetesApiServer()
    {
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{_port}"));
        CaFile = _directory["ca.crt"];
        File.WriteAllText(CaFile, CaPem);
        AdminFiles = _authority.Client("test-admin", organization: AdminGroup).WriteTo(_directory.Path, "admin");
        KubeconfigFile = _directory["kubeconfig"];
        File.WriteAllText(KubeconfigFile, Kubeconfig($"token: {AdminToken}"));
    }

    /// <summary>Without a trailing slash; the certificate is for 127.0.0.1 and <c>localhost</c>.</summary>
    public Uri Url { get; }

    public string CaPem => _authority.AuthorityPem;

    public string CaFile { get; }

    /// <summary>The authority of the server's certificate and of the clients'.</summary>
    public TestCertificates Authority => _authority;

    /// <summary>A bearer token that may do everything.</summary>
    public string AdminToken => "test-admin-token-of-no-value";

    /// <summary>A bearer token of the user <c>stranger</c>, who is let in and may do nothing.</summary>
    public string StrangerToken => "test-stranger-token-of-no-value";

    /// <summary>A client certificate that may do everything.</summary>
    public TestCertificateFiles AdminFiles { get; }

    /// <summary>A kubeconfig file with <see cref="AdminToken"/>.</summary>
    public string KubeconfigFile { get; }

    /// <summary>The etcd that holds the objects: one member, plain http.</summary>
    public EtcdServer Etcd => _etcd ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>The last lines that the server wrote.</summary>
    public string Output => _process.Output;

    /// <summary>Starts a server with nothing in it but the namespaces that every cluster has.</summary>
    /// <remarks>1. Start etcd. 2. Write the certificate and the tokens. 3. Start the server.</remarks>
    /// <exception cref="FileNotFoundException">A program is missing; the message says to run
    /// <c>eng/peers</c>.</exception>
    public static async Task<KubernetesApiServer> StartAsync(CancellationToken cancellationToken = default)
    {
        KubernetesApiServer server = new();
        try
        {
            // 1
            EtcdSeries series = Peers.KubebuilderAssets is { } assets ? EtcdSeries.At(assets, "3.5") : Peers.Etcd35;
            server._etcd = await EtcdServer.StartAsync(new EtcdServerOptions { Series = series }, cancellationToken);

            // 2
            server._authority.Server(["127.0.0.1", "localhost"]).WriteTo(server._directory.Path, "server");
            await File.WriteAllLinesAsync(
                server._directory["tokens.csv"],
                [
                    $"{server.AdminToken},test-admin,1,\"{AdminGroup}\"",
                    $"{server.StrangerToken},stranger,2",
                    // What they may do is for the recording proxy to say: this server knows no roles.
                    .. ServiceAccounts.Select(name => $"{TokenOf(name)},{name},{name},\"{AdminGroup}\""),
                ],
                cancellationToken);

            // 3
            await server.RestartAsync(cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The text of a kubeconfig file for this server, with a user of these fields.</summary>
    /// <param name="user">A mapping in YAML's one-line form, without the braces: <c>token: abc</c>.</param>
    /// <param name="url">Where to go in place of the server; something with a certificate of its authority.</param>
    /// <param name="space">The namespace of the context.</param>
    /// <param name="caFile">A copy of <see cref="CaFile"/> to name in its place.</param>
    public string Kubeconfig(string user, Uri? url = null, string space = "default", string? caFile = null) =>
        Kubeconfig(user, (url ?? Url).GetLeftPart(UriPartial.Authority), space, caFile ?? CaFile);

    private static string Kubeconfig(string user, string server, string space, string caFile) => $$"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: test
          cluster: {server: "{{server}}", certificate-authority: "{{caFile}}"}
        users:
        - name: test
          user: { {{user}} }
        contexts:
        - name: test
          context: {cluster: test, user: test, namespace: {{space}}}
        current-context: test
        """;

    /// <summary>A bearer token by which the server knows one of <see cref="ServiceAccounts"/>.</summary>
    public static string TokenOf(string serviceAccount) => $"test-{serviceAccount}-token-of-no-value";

    /// <summary>Runs stock kubectl with a kubeconfig file, the admin's unless another is given.</summary>
    public Task<ToolResult> TryKubectlAsync(
        IEnumerable<string> arguments, string? standardInput = null, string? kubeconfigFile = null)
    {
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["KUBECONFIG"] = kubeconfigFile ?? KubeconfigFile,
            // Where it caches what the server can do.
            ["HOME"] = _directory.Path,
        };
        MemoryStream? input = standardInput is null ? null : new(System.Text.Encoding.UTF8.GetBytes(standardInput));
        return Tool.RunAsync(Peers.Kubectl, arguments, environment, input);
    }

    /// <summary>Runs stock kubectl as the admin.</summary>
    /// <returns>Its standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public async Task<string> KubectlAsync(params string[] arguments) => (await TryKubectlAsync(arguments)).Output;

    /// <summary>Runs <c>kubectl apply</c> on manifests in YAML.</summary>
    public async Task<string> ApplyAsync(string manifests, params string[] arguments) =>
        (await TryKubectlAsync(["apply", "-f", "-", .. arguments], manifests)).Output;

    /// <summary>Makes a namespace of a name that is not taken yet.</summary>
    public async Task<string> CreateNamespaceAsync()
    {
        string name = $"test-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        await KubectlAsync("create", "namespace", name);
        return name;
    }

    /// <summary>Ends the server with SIGKILL, in the middle of whatever it does. What is stored stays.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Starts the server, killing it first if it runs, on the same port and data, and waits until it is
    /// ready.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        string[] arguments =
        [
            $"--etcd-servers={_etcd!.EndpointList}",
            "--bind-address=127.0.0.1",
            string.Create(CultureInfo.InvariantCulture, $"--secure-port={_port}"),
            $"--tls-cert-file={_directory["server.crt"]}",
            $"--tls-private-key-file={_directory["server.key"]}",
            $"--client-ca-file={CaFile}",
            $"--token-auth-file={_directory["tokens.csv"]}",
        ];
        await (Peers.KubebuilderAssets is { } assets
            ? _process.StartAsync(Path.Combine(assets, "kube-apiserver"), [.. arguments, .. ForKubeApiserver()])
            : _process.StartAsync(Peers.KubernetesApi, arguments));
        using HttpClient client = CreateClient();
        await _process.UntilReadyAsync(
            async () =>
            {
                using HttpResponseMessage response = await client.GetAsync("/readyz", cancellationToken);
                return response.StatusCode == HttpStatusCode.OK;
            },
            cancellationToken);
    }

    /// <summary>
    /// Loses the etcd with all objects, and goes on, on the same address, with what somebody restored.
    /// </summary>
    /// <param name="makeData">Makes the data directory of the new member.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task ReplaceEtcdAsync(
        Func<EtcdMemberData, Task> makeData,
        CancellationToken cancellationToken = default)
    {
        await KillAsync();
        EtcdServerOptions options = Etcd.Options with { MakeData = makeData };
        await Etcd.DisposeAsync();
        _etcd = null;
        _etcd = await EtcdServer.StartAsync(options, cancellationToken);
        await RestartAsync(cancellationToken);
    }

    /// <summary>A plain HTTP client that trusts the server, with the admin's token.</summary>
    public HttpClient CreateClient() => new(CreateHandler())
    {
        BaseAddress = Url,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", AdminToken) },
    };

    /// <summary>What passes requests on as they are, and answers as soon as they begin.</summary>
    internal HttpMessageInvoker CreateForwarder()
    {
        SocketsHttpHandler handler = CreateHandler();
        handler.AllowAutoRedirect = false;
        handler.UseCookies = false;
        return new HttpMessageInvoker(handler);
    }

    private SocketsHttpHandler CreateHandler()
    {
        SocketsHttpHandler handler = new();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
        };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPem(CaPem);
        return handler;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        if (_etcd is not null)
        {
            await _etcd.DisposeAsync();
        }

        _authority.Dispose();
        _directory.Dispose();
    }

    /// <summary>What a real kube-apiserver wants beside that, as envtest starts it.</summary>
    private string[] ForKubeApiserver() =>
    [
        $"--cert-dir={_directory.Path}",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        "--disable-admission-plugins=ServiceAccount",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--service-account-issuer=https://localhost",
        $"--service-account-key-file={_directory["server.key"]}",
        $"--service-account-signing-key-file={_directory["server.key"]}",
    ];
}
