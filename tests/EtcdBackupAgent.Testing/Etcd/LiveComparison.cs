using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.Etcd;

/// <summary>
/// Compares what an etcd has now with what the agent restores of its latest revision from a change log. Nothing may be
/// written meanwhile.
/// </summary>
/// <param name="agent">The path of the program.</param>
/// <param name="etcd">The live etcd 3.5.</param>
/// <param name="directory">Receives the restored files.</param>
public sealed class LiveComparison(string agent, EtcdServer etcd, TestDirectory directory)
{
    /// <returns>The differences, as sentences; empty if both are equal.</returns>
    public async Task<IReadOnlyList<string>> CompareAsync(
        IReadOnlyList<string> repository,
        IReadOnlyDictionary<string, string?> environment,
        CancellationToken cancellationToken)
    {
        // Keys, values, versions and revisions, without the member that responded.
        (long revision, string live) = await ReadAsync(etcd);
        string target = directory[$"restored-{revision.ToString(CultureInfo.InvariantCulture)}"];
        ToolResult restore = await Tool.RunAsync(
            agent,
            ["restore", "--revision", revision.ToString(CultureInfo.InvariantCulture), "--to", target, .. repository],
            environment,
            cancellationToken: cancellationToken);
        if (restore.ExitCode != 0)
        {
            return [$"revision {revision} is not restored: {restore.StandardError}"];
        }

        await using EtcdServer restored = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = Peers.Etcd35, SnapshotFile = Path.Combine(target, "etcd-snapshot.db") },
            cancellationToken);
        (_, string again) = await ReadAsync(restored);
        Directory.Delete(target, recursive: true);
        return again == live ? [] : [$"revision {revision} is restored with other keys than etcd has"];
    }

    private static async Task<(long Revision, string Keys)> ReadAsync(EtcdServer server)
    {
        using JsonDocument response = JsonDocument.Parse(
            await server.EtcdctlAsync("get", "", "--from-key", "-w", "json"));
        return (
            response.RootElement.GetProperty("header").GetProperty("revision").GetInt64(),
            response.RootElement.GetProperty("kvs").GetRawText());
    }
}
