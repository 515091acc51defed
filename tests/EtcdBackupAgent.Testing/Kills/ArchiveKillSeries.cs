using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.RestorePoints;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.Kills;

/// <summary>
/// Kills processes that write a change log at seeded random moments, while etcd changes, and checks that the log has no
/// hole and nothing wrong.
/// </summary>
/// <param name="scene">A repository and its etcd.</param>
/// <param name="etcd">The etcd.</param>
/// <param name="store">The repository, accessed without the program.</param>
/// <param name="seed">Determines the moments.</param>
public sealed class ArchiveKillSeries(KillScene scene, EtcdServer etcd, IObjectStore store, int seed)
{
    /// <summary>The number of kills after which the log is finished and compared with etcd.</summary>
    private const int KillsPerFullCheck = 10;

    /// <summary>A process starts, continues the log, and closes one or two segments in this time.</summary>
    private static readonly TimeSpan MomentMax = TimeSpan.FromSeconds(2.5);

    private static readonly string[] Policy = ["--policy", "log", "--close-every", "1s"];

    private readonly Random _random = new(seed);
    private readonly List<string> _violations = [];
    private int _changes;

    /// <summary>The latest revision of etcd.</summary>
    private long _revision;

    /// <remarks>
    /// 1. Start the log, change etcd, and kill the process at a moment. 2. Check after each kill: the log is one path
    /// without a hole, and nothing is left in the temporary directory. 3. From time to time, and at the end: the next
    /// process continues the log and stops in order; what is restored then is what etcd has.
    /// </remarks>
    /// <returns>How many of the kills came before the first request to the store, and the violations.</returns>
    public async Task<(int BeforeFirstRequest, IReadOnlyList<string> Violations)> RunAsync(
        int kills, CancellationToken cancellationToken)
    {
        int beforeFirstRequest = 0;
        for (int killed = 1; killed <= kills; killed++)
        {
            // 1
            TimeSpan moment = MomentMax * _random.NextDouble();
            await using (PeerProcess archive = StartArchive())
            {
                await ChangeAsync(moment, cancellationToken);
                archive.Kill();
                await archive.WaitForExitAsync(cancellationToken);
            }

            await scene.UntilRequestsEndAsync(cancellationToken);
            beforeFirstRequest += scene.Requests.Count == 0 ? 1 : 0;

            // 2
            await CheckAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"seed {seed}, kill {killed}, {moment.TotalMilliseconds:0} ms, {scene.Requests.Count} requests"),
                cancellationToken);

            // 3
            if (killed == kills || killed % KillsPerFullCheck == 0)
            {
                await FinishAsync(cancellationToken);
            }
        }

        return (beforeFirstRequest, _violations);
    }

    private PeerProcess StartArchive() =>
        scene.Start(["archive", "--etcd-endpoint", etcd.EndpointList, .. Policy]);

    /// <summary>Changes etcd until a time has passed.</summary>
    private async Task ChangeAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        over.CancelAfter(time);
        while (!over.IsCancellationRequested)
        {
            _changes++;
            using JsonDocument response = JsonDocument.Parse(await etcd.EtcdctlAsync(
                "put",
                string.Create(CultureInfo.InvariantCulture, $"/kill/{_changes % 20}"),
                string.Create(CultureInfo.InvariantCulture, $"value {_changes}"),
                "-w",
                "json"));
            _revision = response.RootElement.GetProperty("header").GetProperty("revision").GetInt64();
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task CheckAsync(string after, CancellationToken cancellationToken)
    {
        LogInventory logs = await LogInventory.ReadAsync(store, cancellationToken);
        LogLineage[] written = [.. logs.Lineages.Where(lineage => lineage.Segments.Count > 0)];
        if (logs.Lineages.FirstOrDefault(lineage => lineage.Problem is not null) is { } unreadable)
        {
            _violations.Add($"{after}: {unreadable.Problem!.Message}");
        }

        if (written.Length > 1 || written.Any(lineage => LogPath.Of(lineage).Count > 1))
        {
            _violations.Add($"{after}: the log has a hole");
        }

        foreach (string left in Directory.GetFileSystemEntries(scene.Temporary))
        {
            _violations.Add($"{after}: {left} was left behind");
            File.Delete(left);
        }
    }

    /// <summary>The next process continues the log, and is stopped with a signal.</summary>
    private async Task FinishAsync(CancellationToken cancellationToken)
    {
        await using PeerProcess archive = StartArchive();
        BackupRepository repository = await BackupRepository.OpenAsync(store, cancellationToken);
        await archive.UntilReadyAsync(
            async () => RestoreWindow
                .Of(
                    await repository.TakeInventoryAsync(cancellationToken),
                    await LogInventory.ReadAsync(store, cancellationToken))
                .Any(window => window.ToRevision >= _revision),
            cancellationToken);
        await ChangeAsync(TimeSpan.FromMilliseconds(200), cancellationToken);
        archive.Terminate();
        int exitCode = await archive.WaitForExitAsync(cancellationToken);
        if (exitCode != 0)
        {
            _violations.Add($"seed {seed}: the next process ended with {exitCode}: {archive.Output}");
        }

        _violations.AddRange(await scene.CompareLiveAsync(etcd, "log", cancellationToken));
    }
}
