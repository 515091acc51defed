using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Failures;

/// <summary>Stops a restore in the middle of the database.</summary>
public sealed class StoppedRestoreTests : IDisposable
{
    private const long Midway = 24 << 20;

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task A_stopped_or_killed_restore_leaves_nothing_that_looks_complete_and_the_next_needs_no_overwrite()
    {
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        _ = (await repository.RunAsync(["backup", .. EtcdArguments.Of(await SharedServers.LargeEtcdAsync())])).Output;
        string target = _directory["target"];

        // 1. SIGTERM: nothing is left.
        (int terminated, string output) = await StopMidwayAsync(repository, server, target, agent => agent.Terminate());
        Assert.Equal(143, terminated);
        Assert.Contains("error: Stopped by SIGTERM.", output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(target));

        // 2. SIGKILL: no file has its final name.
        (int killed, _) = await StopMidwayAsync(repository, server, target, agent => agent.Kill());
        Assert.Equal(137, killed);
        Assert.StartsWith(
            ".etcd-backup-agent-restore-",
            Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(target))),
            StringComparison.Ordinal);

        // 3. The next restore succeeds.
        _ = (await repository.RunAsync("restore", "latest", "--to", target)).Output;
        Assert.Equal(
            "etcd-snapshot.db", Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(target))));
    }

    public void Dispose() => _directory.Dispose();

    private static async Task<(int ExitCode, string Output)> StopMidwayAsync(
        TestRepository repository, RgwServer server, string target, Action<PeerProcess> stop)
    {
        await using HeldTransfer held = new(server.HttpsEndpoint.Port, Midway);
        string[] options =
        [
            .. repository.Options.Select(option => option == server.HttpsEndpoint.AbsoluteUri
                ? $"https://localhost:{held.Port}"
                : option),
        ];
        await using PeerProcess agent = Agent.Start(
            ["restore", "latest", "--to", target, .. options], repository.Environment);
        await held.UntilHeldAsync(agent);
        stop(agent);
        return (await agent.WaitForExitAsync(), agent.Output);
    }
}
