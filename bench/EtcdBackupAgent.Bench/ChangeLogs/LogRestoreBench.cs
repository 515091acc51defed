using System.Globalization;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Increments;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing.Network;
using Microsoft.Extensions.Logging.Abstractions;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.ChangeLogs;

/// <summary>
/// The restore of a snapshot and a day of its change log, compared with the snapshot alone; and the verbs that list and
/// prune a week of segments, compared with the list of the snapshots.
/// </summary>
internal sealed class LogRestoreBench(string agent, string page, TextWriter output)
{
    /// <summary>A segment every 30 seconds for a day.</summary>
    private const int Segments = 2_880;

    /// <summary>A segment every 30 seconds for a week.</summary>
    private const int SegmentsOfWeek = 20_160;

    private const int Changes = 100_000;
    private const int PutsInFlight = 16;
    private const double RestoreRatioMax = 1.5;
    private const string Bucket = "changelog";
    private const string WeekBucket = "changelog-week";

    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(20);
    private static readonly ResourceName Policy = new(ResourceName.NamespaceDefault, "bench");

    /// <remarks>
    /// 1. Fill an etcd. 2. Write its log into a bucket while it changes; segments are closed by size. 3. Restore the
    /// snapshot and the end of the log in turn, through a proxy with latency. 4. List and prune a week of segments.
    /// </remarks>
    /// <returns>Whether the aim was reached.</returns>
    public async Task<bool> RunAsync(long databaseBytes, int rounds, CancellationToken cancellationToken)
    {
        // 1
        await using BenchScene scene = new(agent, databaseBytes, output);
        string machine = await Machine.DescribeAsync(agent, scene.Directory.Path, cancellationToken);
        await output.WriteLineAsync(machine);
        await using FilledEtcd etcd = await FilledEtcd.StartAsync(BenchScene.QuotaBytes, cancellationToken);
        using EtcdGateway gateway = etcd.Gateway(etcd.Server.Endpoints[0]);
        KubernetesObjects objects = new(1, payloadBytesMin: 60, payloadBytesMax: 520);
        await output.WriteLineAsync($"filling etcd to {Megabytes(databaseBytes)}");
        ObjectChurn churn = new(gateway, objects);
        await churn.FillAsync(databaseBytes, cancellationToken);

        // 2
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        IReadOnlyDictionary<string, string?> direct = Variables.Of(etcd.Variables, s3.Variables, scene.Keys);
        using S3ObjectStore store = new(s3.Options(Bucket), TimeProvider.System);
        await scene.Workspace.RunAsync(
            $"etcd-backup-agent init --repository s3://{Bucket} {BenchS3.AgentOptions} --recipient $RECIPIENT",
            direct,
            cancellationToken);
        BackupRepository repository = await BackupRepository.OpenAsync(store, cancellationToken);
        StoredLog log = await WriteLogAsync(repository, etcd, gateway, objects, churn.ObjectBytes, cancellationToken);
        await output.WriteLineAsync($"{log.Segments:N0} segments up to revision {log.Last:N0}");

        // 3
        await using TcpProxy distant = new(s3.Port);
        distant.ToServer.Delay = Latency;
        IReadOnlyDictionary<string, string?> delayed = Variables.Of(
            direct,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["S3"] = $"https://localhost:{distant.Port}" });
        Candidate alone = Restore("the snapshot alone", "latest");
        Candidate any = Restore(
            "the end of the log", $"--revision {log.Last.ToString(CultureInfo.InvariantCulture)}");
        Comparison comparison = new(scene.Workspace, delayed, output);
        IReadOnlyList<CandidateResult> restores = await comparison.RunAsync([alone, any], rounds, cancellationToken);
        await CompactAsync(repository, scene, cancellationToken);
        IReadOnlyList<CandidateResult> compacted = await comparison.RunAsync(
            [alone, any with { Name = "the end of the compacted log" }], rounds, cancellationToken);
        double ratio = restores[1].WallSeconds / restores[0].WallSeconds;
        Verdict aim = new(
            ratio <= RestoreRatioMax,
            string.Create(
                CultureInfo.InvariantCulture,
                $"a restore of the end of the log takes {ratio:0.00} times as long as that of the snapshot alone, "
                + $"aimed at {RestoreRatioMax:0.0} or less"));

        // 4
        IReadOnlyList<CandidateResult> listed =
            await ListWeekAsync(scene, s3, direct, delayed, rounds, cancellationToken);

        string section = $"""
            {machine}

            A database of {Megabytes(databaseBytes)}, then {Changes:N0} changes in {log.Segments:N0} segments. The store
            answers after {Latency.TotalMilliseconds:0} ms. {rounds} rounds in turn.

            {Of(restores)}
            After `archive --compact`, which merges segments that are older than an hour into larger ones:

            {Of(compacted)}
            A repository with {SegmentsOfWeek:N0} segments, those of a week:

            {Of(listed)}
            {Commands([alone, any, .. listed.Select(result => result.Candidate)])}
            {Verdict.List([aim])}
            """;
        await output.WriteLineAsync($"\n{section}");
        new PerformancePage(page).Replace("changelog-restore", section);
        return aim.Holds;
    }

    /// <summary>Merges the segments, as <c>archive --compact</c> does an hour later.</summary>
    private async Task CompactAsync(
        BackupRepository repository, BenchScene scene, CancellationToken cancellationToken)
    {
        await using FileStream file = File.OpenRead(scene.Keys["IDENTITY"]!);
        IReadOnlyList<AgeIdentity> identities = await AgeIdentityFile.ParseAsync(file, cancellationToken);
        LogCompactReport report =
            await new LogCompactRun(repository, identities, new LaterTime(LogCompactRun.AgeMin * 2))
                .ExecuteAsync(Policy, cancellationToken);
        await output.WriteLineAsync($"compacted {report.Before:N0} segments into {report.After:N0}");
    }

    private async Task<IReadOnlyList<CandidateResult>> ListWeekAsync(
        BenchScene scene,
        BenchS3 s3,
        IReadOnlyDictionary<string, string?> direct,
        IReadOnlyDictionary<string, string?> delayed,
        int rounds,
        CancellationToken cancellationToken)
    {
        await scene.Workspace.RunAsync(
            $"etcd-backup-agent init --repository s3://{WeekBucket} {BenchS3.AgentOptions} --unencrypted\n"
            + $"etcd-backup-agent backup --repository s3://{WeekBucket} {BenchS3.AgentOptions} --policy bench \\\n"
            + $"  {FilledEtcd.AgentOptions}",
            direct,
            cancellationToken);
        await SegmentWeek.StoreAsync(s3.Options(WeekBucket), SegmentsOfWeek, cancellationToken);
        return await new Comparison(scene.Workspace, delayed, output).RunAsync(
            [
                Verb("list", "list"),
                Verb("list --windows", "list --windows"),
                Verb("prune --dry-run", "prune --policy bench --retain 1 --keep 6d --dry-run"),
            ],
            rounds,
            cancellationToken);
    }

    private static Candidate Restore(string name, string point) => new(
        name,
        "",
        $"etcd-backup-agent restore {point} --repository s3://{Bucket} {BenchS3.AgentOptions} \\\n"
        + "  --identity-file $IDENTITY --to $TARGET");

    private static Candidate Verb(string name, string verb) => new(
        name,
        "",
        $"etcd-backup-agent {verb} --repository s3://{WeekBucket} {BenchS3.AgentOptions} --output json > list");

    private async Task<StoredLog> WriteLogAsync(
        BackupRepository repository,
        FilledEtcd etcd,
        EtcdGateway gateway,
        KubernetesObjects objects,
        long objectBytes,
        CancellationToken cancellationToken)
    {
        EtcdConnection connection = await etcd.ConnectionAsync(cancellationToken);
        StoredLog log = new();
        ArchiveRun run = new(
            repository,
            new EtcdChangeSource(connection, TimeProvider.System, NullLogger<EtcdChangeSource>.Instance),
            (of, token) => new BackupRun(
                repository,
                new EtcdSnapshotSource(connection, TimeProvider.System, NullLogger<EtcdSnapshotSource>.Instance),
                "0.0.0",
                TimeProvider.System).ExecuteAsync(
                    new BackupRequest { Policy = Policy, Occasion = BackupOccasion.Scheduled, ChangeLog = of },
                    new Progress<TransferProgress>(),
                    token),
            log,
            "0.0.0",
            TimeProvider.System)
        {
            Scratch = new ScratchSpace { Directory = Path.GetTempPath(), IsNamed = true },
        };
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task writing = run.ExecuteAsync(
            new ArchiveRequest
            {
                Policy = Policy,
                Log = new PolicyChangeLog
                {
                    CloseEvery = TimeSpan.FromMinutes(10),
                    CloseBytes = objectBytes * Changes / Segments,
                },
                SnapshotEvery = TimeSpan.FromDays(1),
            },
            stop.Token);
        await log.HasSnapshot.WaitAsync(cancellationToken);
        await output.WriteLineAsync($"changing {Changes:N0} objects");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Changes),
            new ParallelOptions { MaxDegreeOfParallelism = PutsInFlight, CancellationToken = cancellationToken },
            async (index, token) => await gateway.PutAsync([objects[index, 1]], token));
        long revision = await gateway.RevisionAsync(cancellationToken);
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        bool isClosing = false;
        while (log.Last < revision && await timer.WaitForNextTickAsync(cancellationToken))
        {
            // The last segment is not full: it is closed when the archive is asked to stop. A few more may wait.
            if (!isClosing && revision - log.Last < 10 * Changes / Segments)
            {
                isClosing = true;
                await stop.CancelAsync();
            }
        }

        await writing;
        return log;
    }

    /// <summary>The system's clock, set forward.</summary>
    private sealed class LaterTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
