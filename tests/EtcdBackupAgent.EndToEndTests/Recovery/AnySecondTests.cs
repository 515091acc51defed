using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>Runs the commands of <c>docs/any-second.md</c> unchanged, against a real etcd.</summary>
public sealed class AnySecondTests : IDisposable
{
    private const string Passphrase = "six random words are long enough";

    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task The_commands_of_the_page_restore_the_moment_before_a_mistake()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        using TestRepository repository = TestRepository.InDirectory();
        string passphrase = _directory.Write("passphrase", Passphrase);
        _ = (await repository.RunAsync("init", "--passphrase-file", passphrase)).Output;
        string[] commands = await PageCommands.ReadAsync("any-second.md", blocks: 8);
        string url = $"file://{repository.DirectoryPath}";

        // The commands of the page in their order, with the changes and the mistake between them.
        string script = _directory.Write("commands.sh", string.Join('\n',
        [
            "put() { etcdctl --endpoints \"$ETCD\" put \"$1\" \"$2\" > /dev/null; }",
            "revision() { etcdctl --endpoints \"$ETCD\" get x -w json | grep -o '\"revision\":[0-9]*' | cut -d: -f2; }",
            "until_stored() { until etcd-backup-agent list --windows --repository \"$REPOSITORY\" -o json "
            + "| grep -q \"\\\"toRevision\\\": $1\\b\"; do read -rt 0.1 <> <(:) || :; done; }",
            "next_second() { local now; now=$(date +%s); until [ \"$(date +%s)\" -gt \"$now\" ]; do :; done; }",
            "put /kept before; REVISION=$(revision)",
            commands[0],
            "archive=$!",
            "trap 'kill $archive' EXIT",
            // The first snapshot has the revision.
            "until etcd-backup-agent list --repository \"$REPOSITORY\" | grep -q Complete; "
            + "do read -rt 0.1 <> <(:) || :; done",
            "put /kept before; until_stored $(revision)",
            // A moment between two seconds in which nothing is written.
            "next_second; MOMENT=$(date -u +%Y-%m-%dT%H:%M:%SZ); next_second",
            "put /kept mistake; put /wrong mistake",
            "until_stored $(revision)",
            .. commands[1..],
            "kill $archive; wait $archive; trap - EXIT",
        ]));
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["REPOSITORY"] = url,
            ["ETCD"] = etcd.EndpointList,
            ["PATH"] = string.Join(':', FolderOf(Agent.Path), FolderOf(Peers.Etcd35.Etcdctl), "/usr/bin", "/bin"),
        };
        ToolResult run = await Terminal.RunAsync(
            $"bash -euo pipefail {script}", [], environment, _directory.Path);
        Assert.True(run.ExitCode == 0, run.StandardOutput);

        // The restored moment has the value from before the mistake, and nothing of the mistake.
        Assert.Contains("any second from", run.StandardOutput, StringComparison.Ordinal);
        foreach (string restored in new[] { "restored", "restored-revision" })
        {
            await using EtcdServer after = await EtcdServer.StartAsync(new EtcdServerOptions
            {
                Series = SharedServers.Series("3.5"),
                SnapshotFile = _directory[$"{restored}/etcd-snapshot.db"],
            });
            Assert.Equal(
                "/kept\nbefore",
                (await after.EtcdctlAsync("get", "", "--from-key")).Trim());
        }

        Assert.True(File.Exists(_directory["etcd-restored/member/snap/db"]));
    }

    public void Dispose() => _directory.Dispose();

    private static string FolderOf(string program) => Path.GetDirectoryName(program)!;
}
