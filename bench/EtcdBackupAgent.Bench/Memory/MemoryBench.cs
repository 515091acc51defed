using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Storage;
using static EtcdBackupAgent.Bench.Memory.MemoryVerdict;

namespace EtcdBackupAgent.Bench.Memory;

/// <summary>Checks that the memory of a backup does not depend on the size of the database.</summary>
internal sealed class MemoryBench(string agent, IReadOnlyList<long> databaseSizes, int seed, TextWriter output)
{
    /// <summary>Measures, and prints a table and the verdicts.</summary>
    /// <returns>Whether all verdicts hold.</returns>
    /// <remarks>
    /// 1. Start etcd with mutual TLS and S3 over HTTPS. 2. Fill etcd to one size after another. 3. At each size back up
    /// to each target, with a new repository each time. 4. Evaluate.
    /// </remarks>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        // 1
        using TestDirectory directory = new();
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = Peers.Etcd35, MutualTls = true }, cancellationToken);
        await using RgwServer s3 = await RgwServer.StartAsync(RgwStorage.Disk);
        string s3CaFile = directory["s3-ca.crt"];
        await File.WriteAllTextAsync(s3CaFile, s3.CaCertificatePem, cancellationToken);
        BackupTarget folder = BackupTarget.Folder(directory.Create("repositories"));
        BackupTarget bucket = BackupTarget.S3(s3, s3CaFile);
        using AgeIdentity owner = AgeIdentity.Generate();
        string recipient = owner.Recipient.ToString();
        BackupTarget[] targets = [folder, folder.Encrypted(recipient), bucket, bucket.Encrypted(recipient)];

        // 2
        using EtcdGateway gateway = new(
            etcd.Endpoints[0], new TlsFiles(etcd.CaFile!, etcd.ClientFiles!.Certificate, etcd.ClientFiles.Key));
        EtcdFill fill = new(gateway, new KubernetesObjects(seed));
        List<Measurement> measurements = [];
        await output.WriteLineAsync(
            "database     stored in         time        rate    peak memory   written to disks");
        foreach (long size in databaseSizes)
        {
            long databaseBytes = await fill.ToAsync(size, cancellationToken);

            // 3
            foreach (BackupTarget target in targets)
            {
                string repository = target.Repository($"bench-{size / 1_000_000}mb");
                string scratch = directory.Create($"scratch-{measurements.Count}");
                await RunAgentAsync(
                    target, ["init", "--repository", repository, .. target.Protection], scratch, cancellationToken);
                MeasuredRun run = await RunAgentAsync(
                    target,
                    [
                        "backup", "--repository", repository, "--policy", "bench",
                        "--etcd-endpoint", etcd.EndpointList, "--etcd-ca-file", etcd.CaFile!,
                        "--etcd-cert-file", etcd.ClientFiles.Certificate, "--etcd-key-file", etcd.ClientFiles.Key,
                    ],
                    scratch,
                    cancellationToken);
                measurements.Add(new Measurement(target, databaseBytes, run));
                await output.WriteLineAsync(
                    $"{Megabytes(databaseBytes),-12} {target.Name,-14} {run.Elapsed.TotalSeconds,7:0.0} s "
                    + $"{databaseBytes / 1e6 / run.Elapsed.TotalSeconds,7:0} MB/s {Megabytes(run.PeakBytes),14} "
                    + $"{Megabytes(run.WrittenBytes),18}");
            }
        }

        // 4
        Verdict[] verdicts = [.. Of(measurements)];
        foreach (Verdict verdict in verdicts)
        {
            await output.WriteLineAsync(verdict.ToString());
        }

        return verdicts.All(verdict => verdict.Holds);
    }

    private Task<MeasuredRun> RunAgentAsync(
        BackupTarget target, IReadOnlyList<string> arguments, string scratch, CancellationToken cancellationToken) =>
        MeasuredRun.RunAsync(agent, [.. arguments, .. target.Options], target.Environment, scratch, cancellationToken);
}
