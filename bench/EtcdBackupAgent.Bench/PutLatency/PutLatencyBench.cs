using System.Diagnostics;
using System.Globalization;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Filling;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Etcd;
using static EtcdBackupAgent.Bench.Comparing.ComparisonTable;

namespace EtcdBackupAgent.Bench.PutLatency;

/// <summary>
/// <c>bench/put-latency</c>: the duration of writes to etcd during a backup, compared with <c>etcdctl snapshot
/// save</c>.
/// </summary>
internal sealed class PutLatencyBench(string agent, string page, TextWriter output)
{
    private const double LongestRatioMax = 2.0;

    /// <summary>The writes of about ten seconds, so that raft's log does not keep the data of the filling.</summary>
    private const int TransactionsKept = 5_000;

    private const string Idle = "no backup";
    private const string AgentBackup =
        "etcd-backup-agent backup --repository file://$REPOSITORY --policy bench --retain 2 \\\n"
        + "  --etcd-endpoint $ENDPOINTS --etcd-ca-file $ETCDCTL_CACERT --etcd-cert-file $ETCDCTL_CERT --etcd-key-file "
        + "$ETCDCTL_KEY";

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(8);

    private static readonly Candidate Etcdctl = new("etcdctl snapshot save", "", "etcdctl snapshot save etcd.db");
    private static readonly Candidate NotDue = new("agent, HashKV not due", "", AgentBackup);
    private static readonly Candidate Due = new("agent, HashKV due", "", $"{AgentBackup} --hash-kv after-backup");

    /// <summary>Measures with one member and with three, and writes both tables into the page.</summary>
    /// <returns>Whether the aim was reached with both.</returns>
    public async Task<bool> RunAsync(int rounds, long databaseBytes, CancellationToken cancellationToken)
    {
        using TestDirectory directory = new();
        List<Verdict> aims = [];
        List<string> sections =
            [await Machine.DescribeAsync(agent, directory.Path, [Peers.Etcd35.Etcdctl], cancellationToken)];
        foreach (int members in (int[])[1, 3])
        {
            sections.Add(await MeasureAsync(members, rounds, databaseBytes, directory, aims, cancellationToken));
        }

        sections.Add(Commands([Etcdctl, NotDue, Due]));
        sections.Add(Verdict.List(aims));
        string section = string.Join("\n", sections);
        await output.WriteLineAsync($"\n{section}");
        new PerformancePage(page).Replace("put-latency", section);
        return aims.TrueForAll(aim => aim.Holds);
    }

    /// <remarks>
    /// 1. Fill an etcd. 2. Create a repository and a backup with HashKV, so that none is due for a day. 3. In each
    /// round run each command while puts continue. 4. Compare.
    /// </remarks>
    private async Task<string> MeasureAsync(
        int members,
        int rounds,
        long databaseBytes,
        TestDirectory directory,
        List<Verdict> aims,
        CancellationToken cancellationToken)
    {
        // 1
        await output.WriteLineAsync($"{members} member(s): filling to {Megabytes(databaseBytes)}");
        await using FilledEtcd etcd = await StartAsync(members, cancellationToken);
        await etcd.FillAsync(databaseBytes, cancellationToken);
        (Uri leader, Uri read) = await ChooseAsync(etcd, cancellationToken);

        // 2
        Workspace workspace = new(directory, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["etcd-backup-agent"] = agent,
            ["etcdctl"] = Peers.Etcd35.Etcdctl,
        }, $"programs-{members}");
        IReadOnlyDictionary<string, string?> variables = VariablesOf(
            etcd, leader, read, directory[$"repository-{members}"]);
        await workspace.RunAsync(
            $"etcd-backup-agent init --repository file://$REPOSITORY --recipient $RECIPIENT\n{Due.Text}",
            variables,
            cancellationToken);

        // 3
        Load[] loads = leader == read
            ? [new(etcd, "the member", read)]
            : [new(etcd, "the leader", leader), new(etcd, "the follower", read)];
        try
        {
            for (int round = 1; round <= rounds; round++)
            {
                await RecordAsync(
                    loads,
                    Idle,
                    round,
                    () => Task.Delay(IdleTime, TimeProvider.System, cancellationToken),
                    cancellationToken);
                foreach (Candidate candidate in new[] { Etcdctl, NotDue, Due })
                {
                    await RecordAsync(
                        loads,
                        candidate.Name,
                        round,
                        () => workspace.RunAsync(candidate, variables, cancellationToken),
                        cancellationToken);
                }
            }
        }
        finally
        {
            foreach (Load load in loads)
            {
                await load.DisposeAsync();
            }
        }

        // 4
        aims.Add(Aim(members, loads[0]));
        return $"{(members == 1 ? "One member" : "Three members, of which a follower is read")}, a database of "
            + $"{Megabytes(etcd.DatabaseBytes)}, {rounds} rounds.\n\n"
            + string.Concat(loads.Select(load => load.Table(Etcdctl.Name) + "\n"));
    }

    private static Task<FilledEtcd> StartAsync(int members, CancellationToken cancellationToken) =>
        FilledEtcd.StartAsync(
            new EtcdServerOptions
            {
                Series = Peers.Etcd35,
                MutualTls = true,
                Members = members,
                IsDurable = true,
                QuotaBackendBytes = BenchScene.QuotaBytes,
                TransactionsKept = TransactionsKept,
            },
            cancellationToken);

    /// <summary>
    /// Returns the variables. etcdctl gets the member to read; the agent chooses the follower itself.
    /// </summary>
    private static IReadOnlyDictionary<string, string?> VariablesOf(
        FilledEtcd etcd, Uri leader, Uri read, string repository)
    {
        using AgeIdentity owner = AgeIdentity.Generate();
        return Variables.Of(
            etcd.Variables,
            new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                ["ETCDCTL_ENDPOINTS"] = Text(read),
                ["ENDPOINTS"] = leader == read ? Text(read) : $"{Text(read)},{Text(leader)}",
                ["REPOSITORY"] = repository,
                ["RECIPIENT"] = owner.Recipient.ToString(),
            });
    }

    /// <summary>Returns the leader and the member to read: a follower if there is one.</summary>
    private static async Task<(Uri Leader, Uri Read)> ChooseAsync(FilledEtcd etcd, CancellationToken cancellationToken)
    {
        List<(Uri Endpoint, bool IsLeader)> members = [];
        foreach (Uri endpoint in etcd.Server.Endpoints)
        {
            using EtcdGateway gateway = etcd.Gateway(endpoint);
            members.Add((endpoint, await gateway.IsLeaderAsync(cancellationToken)));
        }

        Uri leader = members.Single(member => member.IsLeader).Endpoint;
        return (leader, members.Find(member => !member.IsLeader).Endpoint ?? leader);
    }

    private async Task RecordAsync(
        Load[] loads, string name, int round, Func<Task> act, CancellationToken cancellationToken)
    {
        long from = Stopwatch.GetTimestamp();
        await act();
        long to = Stopwatch.GetTimestamp();
        foreach (Load load in loads)
        {
            IReadOnlyList<double> puts = await load.RecordAsync(name, from, to, cancellationToken);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"  round {round} {load.Name,-12} {name,-24} {Stopwatch.GetElapsedTime(from, to).TotalSeconds,6:0.0} s"
                + $", {puts.Count,6} puts, longest {puts.Max(),7:0.0} ms"));
        }
    }

    private static Verdict Aim(int members, Load load)
    {
        double ratio = load.Row(NotDue.Name).LongestMilliseconds / load.Row(Etcdctl.Name).LongestMilliseconds;
        return new Verdict(
            ratio <= LongestRatioMax,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{members} member(s): the longest put during a backup without HashKV takes {ratio:0.0} times as long "
                + $"as during etcdctl snapshot save, aimed at {LongestRatioMax:0.0} or less"));
    }

    private static string Text(Uri endpoint) => endpoint.GetLeftPart(UriPartial.Authority);

    /// <summary>A load of puts through one member, and the rows of their durations.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly EtcdGateway _gateway;
        private readonly PutLoad _puts;
        private readonly PutRow[] _rows = [new(Idle), new(Etcdctl.Name), new(NotDue.Name), new(Due.Name)];

        public Load(FilledEtcd etcd, string name, Uri endpoint)
        {
            Name = name;
            _gateway = etcd.Gateway(endpoint);
            _puts = PutLoad.Start(_gateway, name.Replace(' ', '-'));
        }

        public string Name { get; }

        public PutRow Row(string name) => _rows.Single(row => row.Name == name);

        public async Task<IReadOnlyList<double>> RecordAsync(
            string name, long from, long to, CancellationToken cancellationToken)
        {
            await _puts.CatchUpAsync(cancellationToken);
            IReadOnlyList<double> puts = _puts.Between(from, to);
            Row(name).Add(puts);
            return puts;
        }

        public string Table(string reference) => $"""
            | puts through {Name} | puts | p50 | p99 | longest, median of the rounds | of etcdctl's longest |
            |---|---|---|---|---|---|
            {string.Join('\n', _rows.Select(row => row.Line(Row(reference))))}

            """;

        public async ValueTask DisposeAsync()
        {
            await _puts.DisposeAsync();
            _gateway.Dispose();
        }
    }
}
