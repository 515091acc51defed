using System.Security.Cryptography;
using EtcdBackupAgent.Testing.Processes;
using static EtcdBackupAgent.Testing.Peers;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>
/// The monitor and the OSD behind a gateway. They keep the data while the gateway is killed and started again.
/// </summary>
internal sealed class CephCluster : IAsyncDisposable
{
    private readonly PeerProcess _monitor;
    private PeerProcess? _osd;

    private CephCluster(PeerProcess monitor) => _monitor = monitor;

    /// <summary>Starts an empty cluster.</summary>
    /// <remarks>
    /// 1. Write the monitor map and create the store of the monitor. 2. Start the monitor. 3. Register the OSD, which
    /// waits for a quorum. 4. Create the store of the OSD and start it.
    /// </remarks>
    public static async Task<CephCluster> StartAsync(CephConfiguration configuration)
    {
        // 1
        string monitorMap = Path.Combine(configuration.Directory, "monmap");
        await RunAsync(
            Monmaptool,
            ["--create", "--fsid", configuration.ClusterId, "--addv", "a", configuration.MonitorAddress, monitorMap]);
        await RunAsync(
            CephMon, ["-c", configuration.File, "--mkfs", "-i", "a", "--monmap", monitorMap]);

        // 2
        CephCluster cluster = new(PeerProcess.Start(CephMon, ["-c", configuration.File, "-i", "a", "-f"]));
        try
        {
            // 3
            string osdId = new Guid(RandomNumberGenerator.GetBytes(16)).ToString("D");
            await RunAsync(Ceph, ["-c", configuration.File, "osd", "create", osdId]);
            await RunAsync(
                Ceph,
                ["-c", configuration.File, "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost"]);

            // 4
            Directory.CreateDirectory(configuration.OsdData);
            await RunAsync(
                CephOsd, ["-c", configuration.File, "-i", "0", "--mkfs", "--osd-uuid", osdId]);
            cluster._osd = PeerProcess.Start(CephOsd, ["-c", configuration.File, "-i", "0", "-f"]);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_osd is not null)
        {
            await _osd.DisposeAsync();
        }

        await _monitor.DisposeAsync();
    }

    /// <summary>Runs one of Ceph's own programs.</summary>
    /// <returns>The standard output.</returns>
    /// <exception cref="InvalidOperationException">The program failed; the message contains its output.</exception>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments) =>
        (await Tool.RunAsync(program, arguments)).Output;
}
