using EtcdBackupAgent.Testing.Certificates;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>
/// A real etcd of one or more members. It is healthy when <see cref="StartAsync"/> returns; disposal removes it.
/// </summary>
public sealed class EtcdServer : IAsyncDisposable
{
    /// <summary>The environment in which every etcdctl uses the etcd v3 API.</summary>
    public static readonly IReadOnlyDictionary<string, string?> Api =
        new Dictionary<string, string?>(StringComparer.Ordinal) { ["ETCDCTL_API"] = "3" };

    private readonly EtcdServerOptions _options;
    private readonly TestDirectory _directory = new();
    private readonly EtcdMemberProcess[] _members;
    private readonly HttpClient _health = new();
    private EtcdMemberProcess? _learner;

    private EtcdServer(EtcdServerOptions options)
    {
        _options = options;
        if (options.MutualTls)
        {
            Certificates = new TestCertificates("Test etcd CA");
            CaFile = _directory["ca.crt"];
            File.WriteAllText(CaFile, Certificates.AuthorityPem);
            ServerFiles = Certificates.Server([options.Host, "localhost"]).WriteTo(_directory.Path, "server");
            ClientFiles = Certificates.Client("root").WriteTo(_directory.Path, "client");
        }

        _members = [.. Enumerable.Range(0, options.Members).Select(index => new EtcdMemberProcess(this, index))];
    }

    /// <summary>One client URL for each member.</summary>
    public IReadOnlyList<Uri> Endpoints => [.. _members.Select(member => member.ClientUrl)];

    /// <summary>All client URLs, separated by commas: the form that the tools and the agent accept.</summary>
    public string EndpointList =>
        string.Join(',', Endpoints.Select(endpoint => endpoint.GetLeftPart(UriPartial.Authority)));

    /// <summary>With TLS: the authority that issued the server certificate and that the server trusts.</summary>
    public TestCertificates? Certificates { get; }

    public string? CaFile { get; }

    /// <summary>With TLS: a client certificate of the user <c>root</c>.</summary>
    public TestCertificateFiles? ClientFiles { get; }

    /// <summary>The password of the user <c>root</c>; null until authentication is enabled.</summary>
    public string? RootPassword { get; private set; }

    internal EtcdServerOptions Options => _options;

    internal TestDirectory Directory => _directory;

    internal TestCertificateFiles? ServerFiles { get; }

    internal string InitialCluster => InitialClusterUpTo(_members.Length - 1);

    public static async Task<EtcdServer> StartAsync(
        EtcdServerOptions options,
        CancellationToken cancellationToken = default)
    {
        EtcdServer server = new(options);
        try
        {
            foreach (EtcdMemberProcess member in server._members)
            {
                await member.RestoreAsync(cancellationToken);
                if (options.Joined && member != server._members[0])
                {
                    await server.JoinAsync(member, cancellationToken);
                }

                await member.StartAsync();
            }

            foreach (EtcdMemberProcess member in server._members)
            {
                await member.UntilHealthyAsync(server._health, cancellationToken);
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The URL at which other members reach this member.</summary>
    public string PeerUrlOf(int member) => _members[member].PeerUrl;

    /// <summary>The <c>--data-dir</c> of a member.</summary>
    public string DataDirectoryOf(int member) => _members[member].DataDirectory;

    /// <summary>The last lines that a member wrote; empty while it does not run.</summary>
    public string OutputOf(int member) => _members[member].Output;

    /// <summary>The ID of the running process of a member.</summary>
    public int ProcessIdOf(int member) => _members[member].ProcessId;

    internal string InitialClusterUpTo(int last) =>
        string.Join(',', _members.Take(last + 1).Select(member => $"{member.Name}={member.PeerUrl}"));

    /// <summary>
    /// Runs etcdctl against all members, with the certificates and the root user that the server requires.
    /// </summary>
    /// <returns>The standard output.</returns>
    /// <exception cref="InvalidOperationException">etcdctl failed; the message contains its output.</exception>
    public Task<string> EtcdctlAsync(params string[] arguments) => EtcdctlAsync(arguments, standardInput: null);

    /// <summary>Runs etcdctl with a standard input; <c>put KEY</c> reads the value from it.</summary>
    public Task<string> EtcdctlAsync(IEnumerable<string> arguments, Stream? standardInput) =>
        EtcdctlAsync(EndpointList, arguments, standardInput);

    /// <summary>Runs etcdctl against one member only.</summary>
    /// <inheritdoc cref="EtcdctlAsync(string[])" path="/returns|/exception"/>
    public Task<string> EtcdctlOfAsync(int member, params string[] arguments) =>
        EtcdctlAsync(Endpoints[member].GetLeftPart(UriPartial.Authority), arguments, standardInput: null);

    private async Task<string> EtcdctlAsync(string endpoints, IEnumerable<string> arguments, Stream? standardInput)
    {
        List<string> all = [.. arguments, "--endpoints", endpoints];
        if (ClientFiles is not null)
        {
            all.AddRange(["--cacert", CaFile!, "--cert", ClientFiles.Certificate, "--key", ClientFiles.Key]);
        }

        if (RootPassword is not null)
        {
            all.AddRange(["--user", $"root:{RootPassword}"]);
        }

        return (await Tool.RunAsync(_options.Series.Etcdctl, all, Api, standardInput)).Output;
    }

    /// <summary>Creates the user root and enables authentication. Afterwards every client needs a user.</summary>
    public async Task EnableAuthenticationAsync(string rootPassword)
    {
        await EtcdctlAsync("user", "add", $"root:{rootPassword}");
        await EtcdctlAsync("user", "grant-role", "root", "root");
        await EtcdctlAsync("auth", "enable");
        RootPassword = rootPassword;
    }

    /// <summary>Starts a learner. It catches up with the members some time after this method returns.</summary>
    /// <returns>The client URL of the learner, which is not one of the <see cref="Endpoints"/>.</returns>
    public async Task<Uri> AddLearnerAsync()
    {
        _learner = new EtcdMemberProcess(this, _members.Length);
        await EtcdctlAsync("member", "add", _learner.Name, "--learner", "--peer-urls", _learner.PeerUrl);
        await _learner.StartAsync(joins: true);
        return _learner.ClientUrl;
    }

    /// <summary>Ends a member with SIGKILL.</summary>
    public Task KillAsync(int member = 0) => _members[member].KillAsync();

    /// <summary>
    /// Starts a member again with the same data and ports and waits until it is healthy. A running one is killed first.
    /// </summary>
    public async Task RestartAsync(int member = 0, CancellationToken cancellationToken = default)
    {
        await _members[member].StartAsync();
        await _members[member].UntilHealthyAsync(_health, cancellationToken);
    }

    /// <summary>Waits for the previous members, and then adds a member that is about to start.</summary>
    private async Task JoinAsync(EtcdMemberProcess member, CancellationToken cancellationToken)
    {
        foreach (EtcdMemberProcess previous in _members.TakeWhile(one => one != member))
        {
            await previous.UntilHealthyAsync(_health, cancellationToken);
        }

        await EtcdctlOfAsync(0, "member", "add", member.Name, "--peer-urls", member.PeerUrl);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (EtcdMemberProcess member in _members)
        {
            await member.DisposeAsync();
        }

        if (_learner is not null)
        {
            await _learner.DisposeAsync();
        }

        _health.Dispose();
        Certificates?.Dispose();
        _directory.Dispose();
    }
}
