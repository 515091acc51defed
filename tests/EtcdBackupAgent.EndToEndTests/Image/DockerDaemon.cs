using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Image;

/// <summary>
/// The Docker daemon of the machine. If none responds, the test starts its own, which disposal stops.
/// </summary>
internal sealed class DockerDaemon : IAsyncDisposable
{
    private const string HostVariable = "DOCKER_HOST";
    private const string MachineSocket = "/var/run/docker.sock";

    /// <summary>The limit for commands that download packages or compile the agent on a loaded machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(25);

    private readonly TestDirectory _directory = new();
    private PeerProcess? _process;

    private DockerDaemon(string host) => Host = host;

    /// <summary>The reason why no daemon can be used, with a hint; null if one can be used.</summary>
    public static string? SkipReason { get; } = FindReason();

    /// <summary>The address of the daemon, in the form of <c>DOCKER_HOST</c>.</summary>
    public string Host { get; private set; }

    /// <summary>The newest API version of the daemon. It rejects a client with a newer version.</summary>
    public string ApiVersion { get; private set; } = "";

    public static async Task<DockerDaemon> GetAsync()
    {
        DockerDaemon daemon = new(Environment.GetEnvironmentVariable(HostVariable) ?? $"unix://{MachineSocket}");
        try
        {
            if ((await daemon.TryAsync("info")).ExitCode != 0)
            {
                await daemon.StartAsync();
            }

            daemon.ApiVersion = (await daemon.RunAsync("version", "--format", "{{.Server.APIVersion}}")).Trim();
            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs the stock client.</summary>
    /// <returns>The standard output.</returns>
    public async Task<string> RunAsync(params string[] arguments) => (await TryAsync(arguments)).Output;

    /// <summary>The environment of a program that uses this daemon.</summary>
    public IReadOnlyDictionary<string, string?> ForPrograms =>
        new Dictionary<string, string?>(StringComparer.Ordinal) { [HostVariable] = Host };

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            // The daemon first stops its containers and its containerd.
            _process.Terminate();
            await _process.WaitForExitAsync();
            await _process.DisposeAsync();
            await UnmountAsync();
        }

        _directory.Dispose();
    }

    private static string? FindReason()
    {
        if (Find("docker") is null || Find("debootstrap") is null)
        {
            return "'docker' or 'debootstrap' is not installed; on Debian: apt-get install docker.io debootstrap.";
        }

        if (Environment.UserName != "root")
        {
            return "debootstrap and the files of a backup need root.";
        }

        return Environment.GetEnvironmentVariable(HostVariable) is null && !File.Exists(MachineSocket)
            && Find("dockerd") is null
                ? $"No Docker daemon runs ({HostVariable}, {MachineSocket}), and 'dockerd' is not installed."
                : null;
    }

    private static string? Find(string program)
    {
        try
        {
            return Peers.Installed(program);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private async Task StartAsync()
    {
        Host = $"unix://{_directory["docker.sock"]}";
        _process = PeerProcess.Start(
            Peers.Installed("dockerd"),
            [
                "--host", Host, "--data-root", _directory["data"], "--exec-root", _directory["run"],
                "--pidfile", _directory["docker.pid"], "--iptables=false", "--ip6tables=false", "--bridge=none",
            ],
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["PATH"] = $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin",
            });
        await _process.UntilReadyAsync(async () => (await TryAsync("info")).ExitCode == 0);
    }

    private Task<ToolResult> TryAsync(params string[] arguments) =>
        Tool.RunAsync(Peers.Installed("docker"), arguments, ForPrograms, patience: Patience);

    /// <summary>dockerd leaves the network namespaces of its containers mounted.</summary>
    private async Task UnmountAsync()
    {
        foreach (string line in await File.ReadAllLinesAsync("/proc/mounts"))
        {
            string mounted = line.Split(' ')[1];
            if (mounted.StartsWith($"{_directory.Path}/", StringComparison.Ordinal))
            {
                _ = (await Tool.RunAsync(Peers.Installed("umount"), [mounted])).Output;
            }
        }
    }
}
