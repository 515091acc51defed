using System.Globalization;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing.Network;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.Backups;

/// <summary>
/// The time that a backup keeps etcd's snapshot open when the bucket accepts 5 MB per second, and the local cost.
/// </summary>
internal sealed class SlowBucketPart : IPart
{
    private const long SlowBytesPerSecond = 5_000_000;

    /// <summary>The maximum ratio to the time that a fast bucket keeps the snapshot open.</summary>
    private const double OpenRatioMax = 1.5;

    private const long PeakBytesMax = 200_000_000;

    private static readonly Candidate Sealed = BackupToS3Part.Agent with
    {
        Name = "encrypted",
        Text = $"{BackupToS3Part.Agent.Text} --scratch-dir .",
    };

    private static readonly Candidate Plain = new(
        "unencrypted",
        BackupToS3Part.Agent.Setup.Replace("--recipient $RECIPIENT", "--unencrypted", StringComparison.Ordinal),
        Sealed.Text);

    public string Name => "slow-bucket";

    /// <remarks>There is only one round, because a slow round takes as long as the bytes at that rate.</remarks>
    public async Task<Section> RunAsync(BenchScene scene, int rounds, CancellationToken cancellationToken)
    {
        FilledEtcd etcd = await scene.EtcdAsync(cancellationToken);
        BenchS3 s3 = await scene.S3Async(cancellationToken);
        using SnapshotCalls calls = new(etcd.Server);
        await using TcpProxy slow = new(s3.Port);
        slow.ToServer.BytesPerSecond = SlowBytesPerSecond;
        IReadOnlyDictionary<string, string?> direct = Variables.Of(etcd.Variables, s3.Variables, scene.Keys);
        IReadOnlyDictionary<string, string?> throttled = Variables.Of(
            direct,
            new Dictionary<string, string?>(StringComparer.Ordinal) { ["S3"] = $"https://localhost:{slow.Port}" });

        List<Row> table = [];
        foreach ((string bucket, Candidate candidate, IReadOnlyDictionary<string, string?> variables) in new[]
        {
            ("as fast as it is", Sealed, direct),
            ("5 MB/s", Sealed, throttled),
            ("5 MB/s", Plain, throttled),
        })
        {
            MeasuredRun? run = null;
            TimeSpan open = await calls.TimeOfNextAsync(
                async () => run = await scene.Workspace.RunAsync(candidate, variables, cancellationToken),
                cancellationToken);
            table.Add(new Row(bucket, candidate.Name, open, run!));
        }

        double ratio = table[1].OpenTime / table[0].OpenTime;
        Verdict[] aims =
        [
            new(
                ratio <= OpenRatioMax,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"a slow bucket holds etcd {ratio:0.00} times as long as a fast one, "
                    + $"aimed at {OpenRatioMax:0.0} or less")),
            new(
                table.All(row => row.Run.PeakBytes < PeakBytesMax),
                $"peak memory stays below {Megabytes(PeakBytesMax)}"),
        ];
        return new Section(Text(etcd.DatabaseBytes, table, aims), aims);
    }

    private static string Text(long bytes, IReadOnlyList<Row> table, IReadOnlyList<Verdict> aims) => $"""
        A backup of {Megabytes(bytes)} to a bucket behind a proxy that lets 5 MB pass in a second; one round.

        | bucket | repository | etcd's snapshot is open for | backup | peak memory | most in the scratch directory |
        |---|---|---|---|---|---|
        {string.Join('\n', table.Select(Line))}

        {Commands([Sealed, Plain])}
        {Verdict.List(aims)}
        """;

    private static string Line(Row row) =>
        $"| {row.Bucket} | {row.Repository} | {Seconds(row.OpenTime.TotalSeconds)} | "
        + $"{Seconds(row.Run.Elapsed.TotalSeconds)} "
        + $"| {Megabytes(row.Run.PeakBytes)} | {Megabytes(row.Run.ScratchBytes)} |";

    private sealed record Row(string Bucket, string Repository, TimeSpan OpenTime, MeasuredRun Run);
}
