using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>Runs the commands of <c>docs/vault.md</c> unchanged, with an attack between them.</summary>
public sealed class VaultTests : IDisposable
{
    /// <summary>The number of blocks before the attack.</summary>
    private const int BlocksBefore = 5;

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task The_commands_of_the_page_restore_a_snapshot_that_was_deleted()
    {
        RgwServer server = await SharedServers.S3Async();
        using TestRepository repository = TestRepository.InBucket(server);
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        _directory.Write("passphrase", "six random words are long enough");
        string[] commands = await PageCommands.ReadAsync("vault.md", blocks: 6);
        Dictionary<string, string?> environment = new(repository.Environment, StringComparer.Ordinal)
        {
            ["REPOSITORY"] = repository.Options[1],
            ["S3"] = server.HttpsEndpoint.AbsoluteUri,
            ["AWS_CA_BUNDLE"] = _directory.Write("ca.crt", server.CaCertificatePem),
            ["ETCD"] = etcd.EndpointList,
            ["PATH"] = string.Join(':', Path.GetDirectoryName(Agent.Path), "/usr/bin", "/bin"),
        };

        string before = await RunAsync("before.sh", commands[..BlocksBefore], environment);

        Assert.Contains("LOCKED UNTIL", before, StringComparison.Ordinal);
        Assert.Contains("is locked until", before, StringComparison.Ordinal);
        ObjectKey[] keys = [.. (await repository.KeysAsync()).Select(key => new ObjectKey(key))];
        await repository.Store.DeleteAsync(keys, CancellationToken.None);
        Assert.Empty(await repository.KeysAsync());

        await RunAsync("after.sh", commands[BlocksBefore..], environment);

        Assert.True(File.Exists(_directory["restored/etcd-snapshot.db"]));
    }

    public void Dispose() => _directory.Dispose();

    private async Task<string> RunAsync(
        string name, string[] commands, Dictionary<string, string?> environment)
    {
        string script = _directory.Write(name, string.Join('\n', commands));
        ToolResult run = await Terminal.RunAsync($"bash -euo pipefail {script}", [], environment, _directory.Path);
        Assert.True(run.ExitCode == 0, run.StandardOutput);
        return run.StandardOutput;
    }
}
