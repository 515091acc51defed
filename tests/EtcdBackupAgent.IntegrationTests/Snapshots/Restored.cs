using EtcdBackupAgent.IntegrationTests.Etcd;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.DataDirectory;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.IntegrationTests.Snapshots;

/// <summary>Restores snapshots with the agent and with etcd's own tools.</summary>
internal static class Restored
{
    public static RestorePlan Plan(string name, string cluster, string token = "restored") => new()
    {
        Name = name,
        Cluster = InitialCluster.Parse(cluster),
        Token = token,
        AdvertisePeerUrls = InitialCluster.Parse(cluster).Members.First(member => member.Name == name).PeerUrls,
    };

    public static RestoreSummary ByAgent(string file, string directory, RestorePlan plan)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        using SafeFileHandle handle = File.OpenHandle(file);
        long databaseBytes = RandomAccess.GetLength(handle) - SnapshotTrailerCheck.TrailerSizeBytes;
        return DataDirectoryWriter.Write(handle, databaseBytes, directory, null, plan, null, CancellationToken.None);
    }

    public static async Task ByToolAsync(string version, string file, string directory, RestorePlan plan)
    {
        List<string> arguments =
        [
            "snapshot", "restore", file,
            "--data-dir", directory,
            "--name", plan.Name,
            "--initial-cluster", plan.Cluster.ToString(),
            "--initial-cluster-token", plan.Token!,
            "--initial-advertise-peer-urls", string.Join(',', plan.AdvertisePeerUrls),
        ];
        if (plan.RevisionBump is { } bump)
        {
            arguments.AddRange(["--bump-revision", $"{bump}", "--mark-compacted"]);
        }

        _ = (await Tool.RunAsync(EtcdServers.Series(version).SnapshotTool, arguments, EtcdServer.Api)).Output;
    }

    /// <summary>Starts an etcd cluster, with a directory of the agent for each member.</summary>
    public static Task<EtcdServer> StartAsync(
        string version, SourceSnapshot source, int members = 1, long? bump = null, long? quotaBytes = null) =>
        StartAsync(version, source.File, members, bump, quotaBytes);

    /// <summary>Starts an etcd cluster from a snapshot file.</summary>
    public static Task<EtcdServer> StartAsync(
        string version, string file, int members = 1, long? bump = null, long? quotaBytes = null) =>
        EtcdServer.StartAsync(new EtcdServerOptions
        {
            Series = EtcdServers.Series(version),
            Members = members,
            MakeData = member =>
            {
                RestorePlan plan = Plan(member.Name, member.InitialCluster) with
                {
                    RevisionBump = bump,
                    QuotaBackendBytes = quotaBytes ?? RestorePlan.QuotaBackendBytesDefault,
                };
                ByAgent(file, member.Directory, plan);
                return Task.CompletedTask;
            },
        });
}
