using EtcdBackupAgent.EndToEndTests.Encryption;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Network;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>
/// A bucket accepts data more slowly than etcd sends it: over a slow link, or over one that stops for a while.
/// </summary>
public sealed class SlowRepositoryTests : IDisposable
{
    private const int DatabaseBytes = 48 << 20;
    private const int SlowBytesPerSecond = 5_000_000;

    /// <summary>Reached soon, long before the agent has sent as much as it may keep in memory.</summary>
    private const int HeldAfterBytes = 1 << 20;

    private readonly TestDirectory _directory = new();
    private readonly string _passphrase;

    public SlowRepositoryTests()
    {
        _passphrase = _directory.Write("passphrase", PassphraseRepository.Passphrase, TestTree.OwnerOnly);
        Directory.CreateDirectory(_directory["scratch"]);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Etcd_sends_everything_while_the_bucket_accepts_nothing_and_the_scratch_directory_looks_empty()
    {
        // The test needs its own server, because it counts the calls.
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        await EtcdContent.WriteNoiseAsync(etcd, DatabaseBytes);
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await InitAsync(repository, "--passphrase-file", _passphrase);
        TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TcpProxy link = LinkTo(server);
        link.ToServer.Fault = LinkFault.Hold;
        link.ToServer.FaultAfterBytes = HeldAfterBytes;
        link.ToServer.FaultsLeft = int.MaxValue;
        link.ToServer.Hold = released.Task.WaitAsync;

        // 1. Everything is read from etcd and is in a scratch file without a name.
        await using (PeerProcess agent = BackUp(repository, etcd, link, _directory["scratch"]))
        {
            await agent.UntilReadyAsync(() => HasSentSnapshotsAsync(etcd, 1));
            Assert.True(agent.IsRunning, agent.Output);
            Assert.Contains(OpenFiles(agent), path => path.StartsWith(_directory["scratch"], StringComparison.Ordinal));
            Assert.Empty(Directory.GetFileSystemEntries(_directory["scratch"]));

            // 2. The file disappears with the process.
            agent.Kill();
            await agent.WaitForExitAsync();
            Assert.Empty(Directory.GetFileSystemEntries(_directory["scratch"]));
        }

        // 3. The next backup completes once the link is released.
        await using (PeerProcess agent = BackUp(repository, etcd, link, _directory["scratch"]))
        {
            await agent.UntilReadyAsync(() => HasSentSnapshotsAsync(etcd, 2));
            released.SetResult();
            Assert.True(await agent.WaitForExitAsync() == 0, agent.Output);
            Assert.DoesNotContain("slower than etcd", agent.Output, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(_directory["scratch"]));
        Assert.Single(await repository.ListAsync());
        await VerifyAsync(repository, "--passphrase-file", _passphrase);
    }

    [Fact]
    public async Task A_full_scratch_directory_delays_etcd_and_the_backup_succeeds()
    {
        EtcdServer etcd = await SharedServers.LargeEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await InitAsync(repository, "--passphrase-file", _passphrase);
        await using TcpProxy link = LinkTo(server);
        link.ToServer.BytesPerSecond = SlowBytesPerSecond;
        await using MountedDirectory small = await MountedDirectory.CreateAsync("size=4m");

        await using PeerProcess agent = BackUp(repository, etcd, link, small.Path);

        Assert.True(await agent.WaitForExitAsync() == 0, agent.Output);
        Assert.Contains("The repository is slower than etcd", agent.Output, StringComparison.Ordinal);
        Assert.Contains($"the scratch directory '{small.Path}' is full", agent.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(small.Path));
        await VerifyAsync(repository, "--passphrase-file", _passphrase);
    }

    [Fact]
    public async Task Without_encryption_nothing_is_written_to_disk_and_the_delay_of_etcd_is_reported()
    {
        EtcdServer etcd = await SharedServers.LargeEtcdAsync();
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await InitAsync(repository, "--unencrypted");
        await using TcpProxy link = LinkTo(server);
        link.ToServer.BytesPerSecond = SlowBytesPerSecond;

        await using PeerProcess agent = BackUp(repository, etcd, link, _directory["scratch"]);
        await agent.UntilReadyAsync(async () => (await repository.PendingAsync()).Count > 0);
        Assert.DoesNotContain(
            OpenFiles(agent),
            path => path.StartsWith(_directory["scratch"], StringComparison.Ordinal));

        Assert.True(await agent.WaitForExitAsync() == 0, agent.Output);
        Assert.Contains("The repository is slower than etcd", agent.Output, StringComparison.Ordinal);
        Assert.Contains("the repository is not encrypted", agent.Output, StringComparison.Ordinal);
        await VerifyAsync(repository);
    }

    private static TcpProxy LinkTo(RgwServer server) => new(server.HttpsEndpoint.Port);

    private static async Task InitAsync(TestRepository repository, params string[] protection) =>
        _ = (await repository.RunAsync(["init", .. protection])).Output;

    private static async Task VerifyAsync(TestRepository repository, params string[] key) =>
        _ = (await repository.RunAsync(["verify", "latest", .. key])).Output;

    private static PeerProcess BackUp(TestRepository repository, EtcdServer etcd, TcpProxy link, string scratch)
    {
        UriBuilder proxy = new(Uri.UriSchemeHttps, "127.0.0.1", link.Port);
        return Agent.Start(
            [
                "backup",
                "--scratch-dir",
                scratch,
                .. EtcdArguments.Of(etcd),
                .. repository.Options.Select(
                    (option, i) => i > 0 && repository.Options[i - 1] == "--s3-endpoint" ? $"{proxy.Uri}" : option),
            ],
            repository.Environment);
    }

    /// <summary>
    /// Returns whether etcd has completed the given number of snapshot calls, according to its metrics.
    /// </summary>
    private static async Task<bool> HasSentSnapshotsAsync(EtcdServer etcd, int count)
    {
        using HttpClient client = new();
        string metrics = await client.GetStringAsync(new Uri(etcd.Endpoints[0], "/metrics"));
        return metrics
            .Split('\n')
            .Any(line =>
                line.StartsWith(
                    "grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"Snapshot\"",
                    StringComparison.Ordinal) && line.EndsWith($" {count}", StringComparison.Ordinal));
    }

    private static IEnumerable<string> OpenFiles(PeerProcess agent) => Directory
        .EnumerateFiles($"/proc/{agent.Id}/fd")
        .Select(fd => new FileInfo(fd).LinkTarget)
        .OfType<string>();
}
