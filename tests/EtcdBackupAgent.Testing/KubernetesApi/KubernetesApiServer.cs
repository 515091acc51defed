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
/// A real Kubernetes API server over a real etcd for one test. It serves HTTPS on a free port of 127.0.0.1 and is ready
/// when <see cref="StartAsync"/> returns; disposal removes it. It has no nodes and no controllers. See docs/testing.md.
/// </summary>
public sealed class KubernetesApiServer : IAsyncDisposable
{
    /// <summary>A group with every right, with and without RBAC.</summary>
    private const string AdminGroup = "system:masters";

    /// <summary>The service accounts of the agent, with the names from the manifests.</summary>
    public static readonly IReadOnlyList<string> ServiceAccounts =
        [
            "etcd-backup-agent-controller",
            "etcd-backup-agent-backup",
            "etcd-backup-agent-objects",
            "etcd-backup-agent-restore",
        ];

    /// <summary>The service account of a user who restores objects, with the name from the sample.</summary>
    public const string ObjectRestoreAccount = "object-restore";

    /// <summary>The accounts that have a token.</summary>
    public static readonly IReadOnlyList<string> KnownAccounts = [.. ServiceAccounts, ObjectRestoreAccount];

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

    /// <summary>The URL without a trailing slash; the certificate is for 127.0.0.1 and <c>localhost</c>.</summary>
    public Uri Url { get; }

    public string CaPem => _authority.AuthorityPem;

    public string CaFile { get; }

    /// <summary>The authority of the server certificate and of the client certificates.</summary>
    public TestCertificates Authority => _authority;

    /// <summary>A bearer token with all permissions.</summary>
    public string AdminToken => "test-admin-token-of-no-value";

    /// <summary>A bearer token of the user <c>stranger</c>, who is authenticated but has no permissions.</summary>
    public string StrangerToken => "test-stranger-token-of-no-value";

    /// <summary>A client certificate with all permissions.</summary>
    public TestCertificateFiles AdminFiles { get; }

    /// <summary>A kubeconfig file with <see cref="AdminToken"/>.</summary>
    public string KubeconfigFile { get; }

    /// <summary>The etcd that stores the objects: one member, plain HTTP.</summary>
    public EtcdServer Etcd => _etcd ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>The last lines that the server wrote.</summary>
    public string Output => _process.Output;

    /// <summary>Starts a server that contains only the namespaces of every cluster.</summary>
    /// <remarks>1. Start etcd. 2. Write the certificate and the tokens. 3. Start the server.</remarks>
    /// <exception cref="FileNotFoundException">A program is missing; the message names <c>eng/peers</c>.</exception>
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
                    // The recording proxy checks their permissions, because this server has no roles.
                    .. KnownAccounts.Select(name => $"{TokenOf(name)},{name},{name},\"{AdminGroup}\""),
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

    /// <summary>Returns the text of a kubeconfig file for this server.</summary>
    /// <param name="user">The fields of the user in YAML's one-line form, without braces: <c>token: abc</c>.</param>
    /// <param name="url">The URL of a proxy with a certificate of the same authority; null for the server.</param>
    /// <param name="ns">The namespace of the context.</param>
    /// <param name="caFile">A copy of <see cref="CaFile"/>; null for that file itself.</param>
    public string Kubeconfig(string user, Uri? url = null, string ns = "default", string? caFile = null) =>
        Kubeconfig(user, (url ?? Url).GetLeftPart(UriPartial.Authority), ns, caFile ?? CaFile);

    private static string Kubeconfig(string user, string server, string ns, string caFile) => $$"""
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
          context: {cluster: test, user: test, namespace: {{ns}}}
        current-context: test
        """;

    /// <summary>Returns the bearer token of one of the <see cref="KnownAccounts"/>.</summary>
    public static string TokenOf(string serviceAccount) => $"test-{serviceAccount}-token-of-no-value";

    /// <summary>Runs stock kubectl with the given kubeconfig file; by default with that of the admin.</summary>
    public Task<ToolResult> TryKubectlAsync(
        IEnumerable<string> arguments, string? standardInput = null, string? kubeconfigFile = null)
    {
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["KUBECONFIG"] = kubeconfigFile ?? KubeconfigFile,
            // kubectl caches the API discovery here.
            ["HOME"] = _directory.Path,
        };
        MemoryStream? input = standardInput is null ? null : new(System.Text.Encoding.UTF8.GetBytes(standardInput));
        return Tool.RunAsync(Peers.Kubectl, arguments, environment, input);
    }

    /// <summary>Runs stock kubectl as the admin.</summary>
    /// <returns>The standard output.</returns>
    /// <exception cref="InvalidOperationException">kubectl failed; the message contains its output.</exception>
    public async Task<string> KubectlAsync(params string[] arguments) => (await TryKubectlAsync(arguments)).Output;

    /// <summary>Runs <c>kubectl apply</c> on manifests in YAML.</summary>
    public async Task<string> ApplyAsync(string manifests, params string[] arguments) =>
        (await TryKubectlAsync(["apply", "-f", "-", .. arguments], manifests)).Output;

    /// <summary>Waits until all definitions of custom resources are served.</summary>
    public Task UntilDefinitionsServedAsync() =>
        KubectlAsync("wait", "--for=condition=Established", "--timeout=30s", "crd", "--all");

    /// <summary>Creates a namespace with a new name.</summary>
    public async Task<string> CreateNamespaceAsync()
    {
        string name = $"test-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(8, lowercase: true)}";
        await KubectlAsync("create", "namespace", name);
        return name;
    }

    /// <summary>Kills the server with SIGKILL at any point of its work. The stored objects remain.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>Starts the server with the same port and data and waits until it is ready. A running one is killed
    /// first.</summary>
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
            ? _process.StartAsync(Path.Combine(assets, "kube-apiserver"), [.. arguments, .. KubeApiserverFlags()])
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
    /// Removes the etcd with all objects and continues on the same address with a restored etcd.
    /// </summary>
    /// <param name="makeData">Creates the data directory of the new member.</param>
    /// <param name="cancellationToken">A cancelled call may leave the server without an etcd.</param>
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

    /// <summary>Creates a plain HTTP client that trusts the server and sends the admin's token.</summary>
    public HttpClient CreateClient() => new(CreateHandler())
    {
        BaseAddress = Url,
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", AdminToken) },
    };

    /// <summary>
    /// Creates an invoker that forwards requests unchanged and returns responses as soon as they begin.
    /// </summary>
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

    /// <summary>The additional flags that a real kube-apiserver needs; envtest uses the same.</summary>
    private string[] KubeApiserverFlags() =>
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
