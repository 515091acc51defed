using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Objects;

/// <summary>
/// <c>bench/objects</c>: reading objects of a large snapshot in a directory, compared with <c>verify</c>, which reads
/// the same bytes.
/// </summary>
internal sealed class ObjectsBench(string agent, string page, TextWriter output)
{
    private const double RatioMax = 1.5;
    private const int ObjectsPerTransaction = 100;
    private const int TransactionsInFlight = 4;

    /// <remarks>1. Fill an etcd, and back it up. 2. Run the verbs in turn.</remarks>
    /// <returns>Whether all aims were reached.</returns>
    public async Task<bool> RunAsync(int objects, int rounds, CancellationToken cancellationToken)
    {
        // 1
        await using BenchScene scene = new(agent, databaseBytes: 0, output);
        string machine = await Machine.DescribeAsync(agent, scene.Directory.Path, cancellationToken);
        await output.WriteLineAsync(machine);
        long databaseBytes;
        IReadOnlyDictionary<string, string?> variables;
        await using (FilledEtcd etcd = await FilledEtcd.StartAsync(BenchScene.QuotaBytes, cancellationToken))
        {
            using EtcdGateway gateway = etcd.Gateway(etcd.Server.Endpoints[0]);
            await output.WriteLineAsync($"filling etcd with {objects:N0} objects");
            await FillAsync(gateway, objects, cancellationToken);
            databaseBytes = await gateway.DatabaseBytesAsync(cancellationToken);
            variables = Variables.Of(
                scene.Keys,
                new Dictionary<string, string?>(StringComparer.Ordinal)
                {
                    ["REPOSITORY"] = $"file://{scene.Directory["repository"]}",
                });
            await scene.Workspace.RunAsync(
                "etcd-backup-agent init --repository $REPOSITORY --recipient $RECIPIENT\n"
                + $"etcd-backup-agent backup --repository $REPOSITORY {FilledEtcd.AgentOptions}",
                Variables.Of(etcd.Variables, variables),
                cancellationToken);
        }

        // 2
        int one = objects / 2;
        string named = $"configmap/{ProtobufConfigMaps.NameOf(one)} -n {ProtobufConfigMaps.NamespaceOf(one)}";
        Candidate[] candidates =
        [
            Verb("verify", "verify latest"),
            Verb("objects list, counts", "objects list latest"),
            Verb("objects list, all config maps", "objects list latest configmaps -A"),
            Verb("objects get, one config map", $"objects get latest {named}"),
        ];
        IReadOnlyList<CandidateResult> results = await new Comparison(scene.Workspace, variables, output)
            .RunAsync(candidates, rounds, cancellationToken);

        Verdict[] aims = [.. results.Skip(1).Select(result => Aim(result, results[0]))];
        string section = $"""
            {machine}

            A database of {Megabytes(databaseBytes)} with {objects:N0} config maps, encoded as protobuf, in an encrypted
            repository in a directory. {rounds} rounds in turn.

            {Of(results)}
            {Commands(candidates)}
            {Verdict.List(aims)}
            """;
        await output.WriteLineAsync($"\n{section}");
        new PerformancePage(page).Replace("objects", section);
        return Array.TrueForAll(aims, aim => aim.Holds);
    }

    private static Verdict Aim(CandidateResult result, CandidateResult verify)
    {
        double ratio = result.WallSeconds / verify.WallSeconds;
        return new Verdict(
            ratio <= RatioMax,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{result.Candidate.Name} takes {ratio:0.00} times as long as verify, "
                + $"aimed at {RatioMax:0.0} or less"));
    }

    private static Candidate Verb(string name, string verb) => new(
        name, "", $"etcd-backup-agent {verb} --repository $REPOSITORY --identity-file $IDENTITY > shown");

    private static Task FillAsync(EtcdGateway gateway, int objects, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, (objects + ObjectsPerTransaction - 1) / ObjectsPerTransaction),
            new ParallelOptions
            {
                MaxDegreeOfParallelism = TransactionsInFlight,
                CancellationToken = cancellationToken,
            },
            async (number, token) =>
            {
                int first = number * ObjectsPerTransaction;
                await gateway.PutAsync(
                    Enumerable.Range(first, Math.Min(ObjectsPerTransaction, objects - first))
                        .Select(ProtobufConfigMaps.Of),
                    token);
            });
}
