using System.Text.Json;
using EtcdBackupAgent.EndToEndTests.Fixtures;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.EndToEndTests.Recovery;

/// <summary>The main job on real peers: what is backed up comes back as it was.</summary>
public sealed class RoundTripTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData("3.4", StoreKind.Directory)]
    [InlineData("3.4", StoreKind.S3)]
    [InlineData("3.5", StoreKind.Directory)]
    [InlineData("3.5", StoreKind.S3)]
    public async Task A_cluster_and_its_certificates_come_back_as_they_were(string version, StoreKind kind)
    {
        EtcdServer etcd = await SharedServers.EtcdAsync(version);
        using TestRepository repository = await TestRepository.NewAsync(kind);
        string pki = _directory.WritePki("pki");

        // The way of a user, verb by verb.
        _ = (await repository.RunAsync("init", "--unencrypted")).Output;
        string said = (await repository.RunAsync(["backup", "--certs-dir", pki, .. EtcdArguments.Of(etcd)])).Output;
        string id = said.Split('\n')[0]["Backup completed, snapshot ID: ".Length..];
        Assert.Matches("^[0-9a-f]{8}$", id);
        Assert.Contains(id, (await repository.RunAsync("list")).Output, StringComparison.Ordinal);
        Assert.Contains(etcd.EndpointList, (await repository.RunAsync("show", id)).Output, StringComparison.Ordinal);
        Assert.StartsWith($"{id}: sound", (await repository.RunAsync("verify", id)).Output, StringComparison.Ordinal);
        _ = (await repository.RunAsync("restore", id, "--to", _directory["restored"])).Output;

        // The certificates are the same, and so is etcd's content once etcd runs on what was restored.
        Assert.Equal(TestTree.Describe(pki), TestTree.Describe(_directory["restored/certificates"]));
        await EtcdRunsOnAsync(etcd, SharedServers.Series(version), _directory["restored/etcd-snapshot.db"]);
    }

    public void Dispose() => _directory.Dispose();

    private static async Task EtcdRunsOnAsync(EtcdServer before, EtcdSeries series, string snapshotFile)
    {
        ToolResult status = await Tool.RunAsync(
            series.SnapshotTool, ["snapshot", "status", snapshotFile, "-w", "json"], EtcdServer.Api);
        using JsonDocument facts = JsonDocument.Parse(status.Output);
        string[] expected = await EtcdContent.ReadAsync(before);
        Assert.Equal(await EtcdContent.RevisionAsync(before), facts.RootElement.GetProperty("revision").GetInt64());

        await using EtcdServer after = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = series, SnapshotFile = snapshotFile });
        Assert.True(expected.Length > 40, "The comparison must have something to compare.");
        Assert.Equal(expected, await EtcdContent.ReadAsync(after));
    }
}
