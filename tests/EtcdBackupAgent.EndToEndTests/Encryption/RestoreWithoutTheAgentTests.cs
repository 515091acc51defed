using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Encryption;

/// <summary>Runs the commands of <c>docs/restore-without-the-agent.md</c> unchanged.</summary>
public sealed class RestoreWithoutTheAgentTests : IDisposable
{
    private const string Passphrase = "six random words are long enough";

    private readonly TestDirectory _directory = new();

    public static TheoryData<AgeSeries> Series => [.. Peers.AgeMatrix];

    [Theory]
    [MemberData(nameof(Series))]
    public async Task Age_zstd_tar_and_etcdutl_restore_an_encrypted_snapshot(AgeSeries age)
    {
        EtcdServer etcd = await SharedServers.EtcdAsync("3.5");
        using TestRepository repository = TestRepository.InDirectory();
        string pki = _directory.WritePki("pki");
        _ = (await repository.RunAsync("init", "--passphrase-file", _directory.Write("passphrase", Passphrase))).Output;
        string id = await repository.BackUpAsync(etcd, "--certs-dir", pki);

        await RunCommandsOfPageAsync(age, repository.DirectoryPath, id);

        string restored = _directory["work/etcd-restored"];
        Assert.Equal(TestTree.Describe(pki), TestTree.Describe(_directory["work/certificates"]));
        await using EtcdServer after = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5"), DataDirectory = restored });
        string[] expected = await EtcdContent.ReadAsync(etcd);
        Assert.True(expected.Length > 40, "There are too few keys for the comparison.");
        Assert.Equal(expected, await EtcdContent.ReadAsync(after));
    }

    public void Dispose() => _directory.Dispose();

    private async Task RunCommandsOfPageAsync(AgeSeries age, string repository, string id)
    {
        string[] blocks = await PageCommands.ReadAsync("restore-without-the-agent.md", blocks: 4);
        string commands = _directory.Write("commands.sh", string.Concat(blocks));
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["REPOSITORY"] = repository,
            ["SNAPSHOT"] = Directory.GetDirectories(Path.Combine(repository, "snapshots"), $"*-{id}").Single(),
            ["PATH"] = string.Join(':', FolderOf(age.Age), FolderOf(Peers.Etcd35.Etcdutl), "/usr/bin", "/bin"),
        };

        ToolResult run = await Terminal.RunAsync(
            $"bash -euo pipefail {commands}", [("passphrase", Passphrase)], environment, _directory.Create("work"));

        Assert.True(run.ExitCode == 0, run.StandardOutput);
        Assert.Contains($"-{id}/", run.StandardOutput, StringComparison.Ordinal);
    }

    private static string FolderOf(string program) => Path.GetDirectoryName(program)!;
}
