using System.Text.Json;
using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Etcd;

/// <summary>Takes a snapshot as the agent does, and checks it with etcd's own tool.</summary>
internal static class SnapshotFile
{
    public static EtcdSnapshotSource Source(EtcdConnection connection) =>
        new(connection, TimeProvider.System, NullLogger<EtcdSnapshotSource>.Instance);

    /// <summary>Reads a whole snapshot into a file, and returns the member that served it.</summary>
    public static async Task<EtcdMember> SaveAsync(EtcdConnection connection, string file)
    {
        await using EtcdSnapshot snapshot = await Source(connection).OpenAsync(CancellationToken.None);
        await using FileStream output = File.Create(file);
        await snapshot.Content.CopyToAsync(output);
        Assert.Equal(snapshot.SizeBytes, output.Length);
        return snapshot.Member;
    }

    /// <summary>
    /// Reads a whole snapshot into a file, asserts that etcd's tool accepts it, and returns the member and its
    /// revision.
    /// </summary>
    public static async Task<(EtcdMember Member, long Revision)> TakeAndCheckAsync(
        EtcdConnection connection,
        EtcdSeries series)
    {
        using TestDirectory directory = new();
        string file = directory["snapshot.db"];
        EtcdMember member = await SaveAsync(connection, file);
        ToolResult status = await Tool.RunAsync(
            series.SnapshotTool,
            ["snapshot", "status", file, "-w", "json"],
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["ETCDCTL_API"] = "3" });
        using JsonDocument json = JsonDocument.Parse(status.Output);
        return (member, json.RootElement.GetProperty("revision").GetInt64());
    }
}
