using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Storage.S3;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Kills;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Bench.Kills;

/// <summary>
/// Kills real runs of every kind at random moments, and checks that nothing is damaged afterwards.
/// </summary>
/// <param name="agent">The path of the program.</param>
/// <param name="verbs">The kinds of runs.</param>
/// <param name="withArchive">Whether writers of change logs are killed too.</param>
/// <param name="kills">The number of kills of each kind.</param>
/// <param name="seed">Determines the moments.</param>
/// <param name="output">Receives the tables.</param>
internal sealed class KillBench(
    string agent, IReadOnlyList<KilledVerb> verbs, bool withArchive, int kills, int seed, TextWriter output)
{
    /// <summary>More than one part of an upload.</summary>
    private const long ObjectBytes = 40_000_000;

    /// <summary>Kills runs, and prints a table and all violations.</summary>
    /// <returns>Whether there was no violation.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = Peers.Etcd35 }, cancellationToken);
        using (EtcdGateway gateway = new(etcd.Endpoints[0], tls: null))
        {
            await new EtcdFill(gateway, new KubernetesObjects(seed)).ToAsync(ObjectBytes, cancellationToken);
        }

        await using RgwServer s3 = await RgwServer.StartAsync();
        await output.WriteLineAsync($"seed {seed}; number of kills by the phase of the run");
        await output.WriteLineAsync(
            "run            kills   undisturbed   before the first request   before the effect   "
            + "in or after the effect   ended before   violations");
        List<string> violations = [];
        foreach (KilledVerb verb in verbs)
        {
            string bucket = $"kill-{verb.ToString().ToLowerInvariant()}";
            using IObjectStore store = Store(s3, bucket);
            await using KillScene scene = await KillScene.StartAsync(agent, etcd, s3, bucket, store, cancellationToken);
            KillReport report = await new KillSeries(scene, verb, seed).RunAsync(kills, cancellationToken);
            violations.AddRange(report.Violations);
            await output.WriteLineAsync(
                $"{verb,-12} {report.Kills,7} {report.Undisturbed.TotalSeconds,11:0.00} s "
                + $"{report.BeforeFirstRequest,26} {report.BeforeEffect,19}"
                + $" {report.AfterEffect,24} {report.AfterEnd,14} {report.Violations.Count,12}");
        }

        if (withArchive)
        {
            using IObjectStore store = Store(s3, "kill-archive");
            await using KillScene scene = await KillScene.StartAsync(
                agent, etcd, s3, "kill-archive", store, cancellationToken);
            (int early, IReadOnlyList<string> found) =
                await new ArchiveKillSeries(scene, etcd, store, seed).RunAsync(kills, cancellationToken);
            violations.AddRange(found);
            await output.WriteLineAsync(
                $"{"Archive",-12} {kills,7} {"",13} {early,26} {"",19} {kills - early,24} {0,14} {found.Count,12}");
        }

        foreach (string violation in violations)
        {
            await output.WriteLineAsync($"FAIL  {violation}");
        }

        await output.WriteLineAsync(
            violations.Count == 0 ? "PASS  nothing is damaged, and the next run always works" : "FAIL");
        return violations.Count == 0;
    }

    private static S3ObjectStore Store(RgwServer s3, string bucket) => new(
        new S3Options
        {
            BucketName = bucket,
            Endpoint = s3.HttpEndpoint,
            Credentials = new S3Credentials { AccessKey = s3.AccessKey, SecretKey = s3.SecretKey },
        },
        TimeProvider.System);
}
