using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>The main task with real peers: a restore returns exactly the content of the backup.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4", StoreKind.Directory)]
    [InlineData("3.4", StoreKind.S3)]
    [InlineData("3.5", StoreKind.Directory)]
    [InlineData("3.5", StoreKind.S3)]
    public async Task A_restore_returns_the_cluster_and_its_certificates_unchanged(string version, StoreKind kind)
    {
        EtcdServer etcd = await SharedServers.EtcdAsync(version);
        using TestRepository repository = await TestRepository.NewAsync(kind);
        string pki = _directory.WritePki("pki");

        // The steps of a user, verb by verb.
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string output = (await repository.RunAsync(["backup", "--certs-dir", pki, .. EtcdArguments.Of(etcd)])).Output;
        string id = output.Split('\n')[0]["Backup completed, snapshot ID: ".Length..];
        Assert.Matches("^[0-9a-f]{8}$", id);
        Assert.Contains(id, (await repository.RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains(etcd.EndpointList, (await repository.RunAsync("show", id)).Output, StringComparison.Ordinal);
        Assert.StartsWith($"{id}: sound", (await repository.RunAsync("verify", id)).Output, StringComparison.Ordinal);
        _ = (await repository.RunAsync("restore", id, "--to", _directory["restored"])).Output;

        // The certificates are the same, and an etcd that starts from the restored file has the same content.
        Assert.Equal(TestTree.Describe(pki), TestTree.Describe(_directory["restored/certificates"]));
        await EtcdRunsFromAsync(etcd, SharedServers.Series(version), _directory["restored/etcd-snapshot.db"]);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task EtcdRunsFromAsync(EtcdServer before, EtcdSeries series, string snapshotFile)
    {
        ToolResult status = await Tool.RunAsync(
            series.SnapshotTool, ["snapshot", "status", snapshotFile, "-w", "json"], EtcdServer.Api);
        using JsonDocument document = JsonDocument.Parse(status.Output);
        string[] expected = await EtcdContent.ReadAsync(before);
        Assert.Equal(await EtcdContent.RevisionAsync(before), document.RootElement.GetProperty("revision").GetInt64());

        await using EtcdServer after = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = series, SnapshotFile = snapshotFile });
        Assert.True(expected.Length > 40, "There are too few keys for the comparison.");
        Assert.Equal(expected, await EtcdContent.ReadAsync(after));
    }
}
