using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Processes;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>
/// Runs a worker with a backup every few seconds and a change log under write load, while etcd and the S3 server are
/// killed and started again.
/// </summary>
public sealed class Soak
{
    private const string Bucket = "soak";
    private const int Retain = 5;
    private const int LoadKeys = 50;
    private const int LoadValueBytes = 4_000;

    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WriteEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>The path of the program.</summary>
    public required string Agent { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>The policy's interval, in whole seconds.</summary>
    public required TimeSpan Every { get; init; }

    public required int Seed { get; init; }

    public TimeSpan BetweenOutagesMax { get; init; } = TimeSpan.FromSeconds(45);

    public TimeSpan AwayMax { get; init; } = TimeSpan.FromSeconds(8);

    /// <remarks>
    /// 1. Start the servers, create the repository, start the worker. 2. Write to etcd, cause outages, take samples,
    /// and record failures. 3. When the time is over and all servers run, wait for one more backup, and for as many
    /// backups as the policy keeps. Then stop the worker. 4. Check that all listed snapshots verify, and that their
    /// number is the one in the policy. 5. Restore the last revision from the change log, and compare it with etcd.
    /// </remarks>
    public async Task<SoakReport> RunAsync(CancellationToken cancellationToken)
    {
        // 1
        using TestDirectory directory = new();
        using TestDirectory documents = new();
        await using EtcdServer etcd = await EtcdServer.StartAsync(
            new EtcdServerOptions { Series = Peers.Etcd35 }, cancellationToken);
        await using RgwServer s3 = await RgwServer.StartAsync();
        Dictionary<string, string?> environment = new(StringComparer.Ordinal)
        {
            ["AWS_ACCESS_KEY_ID"] = s3.AccessKey,
            ["AWS_SECRET_ACCESS_KEY"] = s3.SecretKey,
            ["TMPDIR"] = directory.Path,
        };
        string[] repository =
        [
            "--repository",
            $"s3://{Bucket}",
            "--s3-endpoint",
            s3.HttpEndpoint.GetLeftPart(UriPartial.Authority),
        ];
        _ = (
            await Tool.RunAsync(
                Agent,
                ["init", "--unencrypted", .. repository],
                environment,
                cancellationToken: cancellationToken)).Output;
        SoakDocuments.Write(documents, etcd, s3, Bucket, Every, Retain);
        string address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Take()}");
        await using PeerProcess worker = PeerProcess.Start(
            Agent, ["run", "--resources", documents.Path, "--listen", address], environment);
        using HttpClient http = new() { BaseAddress = new Uri($"http://{address}") };
        FailureLog failures = new();

        // 2
        List<AgentSample> samples = [];
        Outages outages = new(etcd, s3, Seed);
        using (CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            over.CancelAfter(Duration);
            long start = Stopwatch.GetTimestamp();
            Task coming = outages.RunAsync(BetweenOutagesMax, AwayMax, over.Token);
            Task writing = WriteAsync(etcd, over.Token);
            using PeriodicTimer timer = new(SampleEvery);
            while (!over.IsCancellationRequested)
            {
                await worker.UntilReadyAsync(
                    async () =>
                    {
                        string metrics = await http.GetStringAsync(
                            new Uri("/metrics", UriKind.Relative),
                            cancellationToken);
                        samples.Add(AgentSample.Take(worker.Id, metrics, Stopwatch.GetElapsedTime(start)));
                        return true;
                    },
                    cancellationToken);
                failures.Read(worker.Output);
                await timer.WaitForNextTickAsync(cancellationToken);
            }

            await Task.WhenAll(coming, writing);
        }

        // 3
        double succeeded = samples[^1].Succeeded;
        do
        {
            double before = succeeded;
            await worker.UntilReadyAsync(
                async () =>
                {
                    string metrics = await http.GetStringAsync(
                        new Uri("/metrics", UriKind.Relative),
                        cancellationToken);
                    succeeded = AgentSample.Take(worker.Id, metrics, default).Succeeded;
                    return succeeded > before;
                },
                cancellationToken);
        }
        while (succeeded < Retain);

        worker.Terminate();
        int exitCode = await worker.WaitForExitAsync(cancellationToken);
        failures.Read(worker.Output);
        List<string> violations =
        [
            .. failures.Unexplained(outages).Select(line => $"failed while all servers ran: {line}"),
        ];
        if (exitCode != 0)
        {
            violations.Add($"the worker ended with {exitCode}");
        }

        // 4
        ToolResult verify = await Tool.RunAsync(
            Agent,
            ["verify", "--all", .. repository],
            environment,
            cancellationToken: cancellationToken);
        if (verify.ExitCode != 0)
        {
            violations.Add($"verify --all ended with {verify.ExitCode}: {verify.StandardOutput}{verify.StandardError}");
        }

        ToolResult list = await Tool.RunAsync(
            Agent, ["list", "--output", "json", .. repository], environment, cancellationToken: cancellationToken);
        using JsonDocument listed = JsonDocument.Parse(list.Output);
        int complete = listed
            .RootElement.EnumerateArray()
            .Count(one => one.GetProperty("status").GetString() == "Complete");
        if (complete != Retain || listed.RootElement.GetArrayLength() != Retain)
        {
            violations.Add(
                $"{listed.RootElement.GetArrayLength()} snapshots are listed, {complete} complete, and the policy "
                + $"keeps {Retain}");
        }

        // 5
        violations.AddRange(await new LiveComparison(Agent, etcd, directory).CompareAsync(
            repository, environment, cancellationToken));
        return new SoakReport(samples, outages.Count, failures.Lines, violations);
    }

    /// <summary>
    /// Writes the same keys several times a second while etcd runs. Overwritten revisions are compacted, so that the
    /// database keeps its size and does not cause growth of the agent.
    /// </summary>
    private static async Task WriteAsync(EtcdServer etcd, CancellationToken cancellationToken)
    {
        string[] patience = ["--dial-timeout=1s", "--command-timeout=1s"];
        using PeriodicTimer timer = new(WriteEvery);
        try
        {
            for (int i = 1; await timer.WaitForNextTickAsync(cancellationToken); i++)
            {
                using MemoryStream value = new(RandomNumberGenerator.GetBytes(LoadValueBytes));
                try
                {
                    string put = await etcd.EtcdctlAsync(
                        [
                            "put",
                            string.Create(CultureInfo.InvariantCulture, $"/soak/{i % LoadKeys}"),
                            "-w",
                            "json",
                            .. patience,
                        ],
                        value);
                    if (i % LoadKeys == 0)
                    {
                        using JsonDocument answer = JsonDocument.Parse(put);
                        string revision = answer.RootElement.GetProperty("header").GetProperty("revision").ToString();
                        await etcd.EtcdctlAsync(["compaction", revision, .. patience]);
                    }
                }
                catch (InvalidOperationException)
                {
                    // etcd is down: the load continues when it runs again.
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The soak is over.
        }
    }
}
