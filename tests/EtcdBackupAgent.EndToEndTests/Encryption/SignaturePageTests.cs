using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>Runs the commands of <c>docs/signatures.md</c> unchanged, against a real etcd.</summary>
public sealed class SignaturePageTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task The_commands_of_the_page_sign_check_and_restore()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        await etcd.EtcdctlAsync("put", "/kept", "value");
        _directory.Write("passphrase", "six random words are long enough");
        string[] commands = await PageCommands.ReadAsync("signatures.md", blocks: 7);
        string script = _directory.Write("commands.sh", string.Join('\n',
        [
            .. commands,
            // The new key signs, and the removed one does not.
            "etcd-backup-agent backup --repository \"$REPOSITORY\" --etcd-endpoint \"$ETCD\" "
            + "--signing-key new-signing-key",
            "etcd-backup-agent backup --repository \"$REPOSITORY\" --etcd-endpoint \"$ETCD\" "
            + "--signing-key signing-key || test $? -eq 9",
            "etcd-backup-agent show latest --repository \"$REPOSITORY\"",
        ]));
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["REPOSITORY"] = $"file://{_directory["repository"]}",
            ["ETCD"] = etcd.EndpointList,
            ["PATH"] = string.Join(':', Path.GetDirectoryName(Agent.Path), "/usr/bin", "/bin"),
        };

        ToolResult run = await Terminal.RunAsync($"bash -euo pipefail {script}", [], environment, _directory.Path);

        Assert.True(run.ExitCode == 0, run.StandardOutput);
        Assert.Contains(
            "Good \"etcd-backup-agent-manifest\" signature for agent", run.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("2 of chain", run.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("is not one of the signers", run.StandardOutput, StringComparison.Ordinal);
        await using EtcdServer after = await EtcdServer.StartAsync(new EtcdServerOptions
        {
            Series = SharedServers.Series("3.5"),
            SnapshotFile = _directory["restored/etcd-snapshot.db"],
        });
        Assert.Equal("/kept\nvalue", (await after.EtcdctlAsync("get", "", "--from-key")).Trim());
    }

    public void Dispose() => _directory.Dispose();
}
