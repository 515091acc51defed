using System.IO.Compression;
using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Imports;

/// <summary>
/// Runs the commands of <c>docs/import.md</c> unchanged, on snapshots of a real etcd, in a real repository of restic.
/// </summary>
public sealed class ImportRecipesTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Fact]
    public async Task The_commands_of_the_page_file_the_snapshots_of_every_program()
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = SharedServers.Series("3.5") });
        using TestRepository repository = TestRepository.InDirectory();
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string[] commands = await PageCommands.ReadAsync("import.md", blocks: 6);
        await MakeFilesAsync(etcd);
        await etcd.KillAsync();
        Directory.CreateDirectory(_directory["stopped/member/snap"]);
        File.Copy(
            Path.Combine(etcd.DataDirectoryOf(0), "member", "snap", "db"), _directory["stopped/member/snap/db"]);

        string script = _directory.Write("commands.sh", string.Join('\n',
        [
            "restic init --quiet",
            "restic backup --quiet --time '2024-06-07 08:09:10' kubedr",
            .. commands,
        ]));
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["REPOSITORY"] = $"file://{repository.DirectoryPath}",
            ["RESTIC_REPOSITORY"] = _directory["restic"],
            ["RESTIC_PASSWORD"] = "six random words are long enough",
            ["RESTIC_CACHE_DIR"] = _directory["cache"],
            ["TZ"] = "UTC",
            ["PATH"] = string.Join(
                ':', Path.GetDirectoryName(Agent.Path), Path.GetDirectoryName(Peers.Restic), "/usr/bin", "/bin"),
        };
        ToolResult run = await Terminal.RunAsync($"bash -euo pipefail {script}", [], environment, _directory.Path);
        Assert.True(run.ExitCode == 0, run.StandardOutput);

        using JsonDocument list = JsonDocument.Parse((await repository.RunAsync("list", "--output", "json")).Output);
        string[] found =
        [
            .. list.RootElement.EnumerateArray().Select(snapshot =>
                $"{snapshot.GetProperty("startedAt").GetString()![..19]} "
                + (snapshot.GetProperty("labels").TryGetProperty("from", out JsonElement from)
                    ? from.GetString()
                    : snapshot.GetProperty("policy").GetProperty("name").GetString())),
        ];
        Assert.Contains("2024-02-03T04:05:06 nightly", found);
        Assert.Contains("2024-06-07T08:09:10 kubedr", found);
        Assert.Contains("2025-11-30T12:00:00 gardener", found);
        Assert.Equal(2, found.Count(one => one.EndsWith(" k3s", StringComparison.Ordinal)));
        Assert.Single(found, one => one.EndsWith(" etcdctl", StringComparison.Ordinal));
        Assert.Single(found, one => one.EndsWith(" last-state", StringComparison.Ordinal));
        Assert.Equal(7, found.Length);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Saves a different snapshot for each program, in the form in which it writes them.</summary>
    private async Task MakeFilesAsync(EtcdServer etcd)
    {
        Directory.CreateDirectory(_directory["snapshots"]);
        Directory.CreateDirectory(_directory["kubedr"]);
        Directory.CreateDirectory(_directory["pki"]);
        _directory.Write("pki/ca.crt", "authority");
        foreach (string name in new[]
        {
            "etcd-snapshot.db", "copy.db", "snapshots/etcd-snapshot-node-1706933106", "zipped", "full",
            "kubedr/etcd-snapshot.db",
        })
        {
            await etcd.EtcdctlAsync("put", "/made/for", name);
            await etcd.EtcdctlAsync("snapshot", "save", _directory[name]);
        }

        await etcd.EtcdctlAsync("put", "/made/for", "the stopped member");
        using (ZipArchive zip = ZipFile.Open(_directory["snapshots/on-demand-1706933107.zip"], ZipArchiveMode.Create))
        {
            zip.CreateEntryFromFile(_directory["zipped"], "on-demand-1706933107");
        }

        await using GZipStream gzip = new(
            File.Create(_directory["Full-00000000-00001024-1764504000.gz"]), CompressionLevel.Fastest);
        await gzip.WriteAsync(await File.ReadAllBytesAsync(_directory["full"]));
    }
}
