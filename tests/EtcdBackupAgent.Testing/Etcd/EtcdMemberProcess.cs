using System.Globalization;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>One member of an <see cref="EtcdServer"/>: its ports, its data and, while running, its process.</summary>
internal sealed class EtcdMemberProcess(EtcdServer server, int index) : IAsyncDisposable
{
    /// <summary>
    /// A fifth of the default: the election of a leader is faster, and a loaded machine still keeps its leader.
    /// </summary>
    private const int HeartbeatMilliseconds = 20;

    private readonly int _metricsPort = FreePort.Take();
    private readonly RestartableProcess _process = new();

    public string Name { get; } = string.Create(CultureInfo.InvariantCulture, $"m{index}");

    public Uri ClientUrl { get; } = new UriBuilder(
        server.Options.MutualTls ? "https" : "http", server.Options.Host, FreePort.Take()).Uri;

    public string PeerUrl { get; } = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Take()}");

    private string MetricsUrl => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_metricsPort}");

    /// <summary>The last lines that the member wrote; empty while it does not run.</summary>
    public string Output => _process.Output;

    public int ProcessId => _process.Id;

    public string DataDirectory => server.Options.DataDirectory ?? server.Directory[$"{Name}.etcd"];

    /// <summary>Creates the data directory, if the options ask for one.</summary>
    /// <exception cref="InvalidOperationException">
    /// The tool rejected the file; the message contains its output.
    /// </exception>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        if (server.Options.SnapshotFile is { } file)
        {
            string[] arguments =
            [
                "snapshot", "restore", file,
                "--name", Name,
                "--data-dir", DataDirectory,
                "--initial-cluster", server.InitialCluster,
                "--initial-advertise-peer-urls", PeerUrl,
            ];
            _ = (
                await Tool.RunAsync(
                    server.Options.Series.SnapshotTool,
                    arguments,
                    EtcdServer.Api,
                    cancellationToken: cancellationToken)).Output;
        }

        if (server.Options.MakeData is { } make)
        {
            await make(new EtcdMemberData(Name, PeerUrl, server.InitialCluster, DataDirectory));
        }
    }

    /// <summary>Starts the member. A running one is killed first.</summary>
    /// <param name="joins">Whether it joins an existing cluster.</param>
    public Task StartAsync(bool joins = false) => _process.StartAsync(server.Options.Series.Etcd, Arguments(joins));

    /// <summary>A member is healthy when it has a leader and no alarm.</summary>
    public Task UntilHealthyAsync(HttpClient http, CancellationToken cancellationToken) =>
        _process.UntilReadyAsync(
            async () => (await http.GetStringAsync(new Uri($"{MetricsUrl}/health"), cancellationToken))
                .Contains("\"health\":\"true\"", StringComparison.Ordinal),
            cancellationToken);

    public Task KillAsync() => _process.KillAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private string InitialCluster(bool joins)
    {
        if (joins)
        {
            return $"{server.InitialCluster},{Name}={PeerUrl}";
        }

        return server.Options.Joined ? server.InitialClusterUpTo(index) : server.InitialCluster;
    }

    private IEnumerable<string> Arguments(bool joins)
    {
        string clientUrl = ClientUrl.GetLeftPart(UriPartial.Authority);
        List<string> arguments =
        [
            "--name", Name,
            "--data-dir", DataDirectory,
            "--listen-client-urls", clientUrl,
            "--advertise-client-urls", clientUrl,
            "--listen-peer-urls", PeerUrl,
            "--initial-advertise-peer-urls", PeerUrl,
            "--initial-cluster", InitialCluster(joins),
            "--initial-cluster-state", joins || (server.Options.Joined && index > 0) ? "existing" : "new",
            "--listen-metrics-urls", MetricsUrl,
            "--logger", "zap",
            "--log-level", "warn",
        ];
        if (!server.Options.IsDurable)
        {
            arguments.AddRange(
            [
                "--heartbeat-interval", HeartbeatMilliseconds.ToString(CultureInfo.InvariantCulture),
                "--election-timeout", (HeartbeatMilliseconds * 10).ToString(CultureInfo.InvariantCulture),
            ]);
            if (server.Options.Series.Version != "3.4")
            {
                // Since 3.5. Test data need not survive a crash of the machine.
                arguments.Add("--unsafe-no-fsync");
            }
        }

        if (server.Options.WalDirectory is { } walDirectory)
        {
            arguments.AddRange(["--wal-dir", walDirectory]);
        }

        if (server.Options.Joined)
        {
            // Otherwise etcd accepts a new member only after the previous one has been connected for five seconds.
            arguments.Add("--strict-reconfig-check=false");
        }

        if (server.Options.QuotaBackendBytes is { } quota)
        {
            arguments.AddRange(["--quota-backend-bytes", quota.ToString(CultureInfo.InvariantCulture)]);
        }

        if (server.Options.TransactionsKept is { } kept)
        {
            string number = kept.ToString(CultureInfo.InvariantCulture);
            arguments.AddRange(["--snapshot-count", number, "--experimental-snapshot-catchup-entries", number]);
        }

        if (server.ServerFiles is { } files)
        {
            arguments.AddRange(
            [
                "--cert-file", files.Certificate, "--key-file", files.Key,
                "--client-cert-auth", "--trusted-ca-file", server.CaFile!,
            ]);
        }

        return arguments;
    }
}
