using EtcdBackupAgent.Bench.Comparing;
using EtcdBackupAgent.Bench.Performance;
using EtcdBackupAgent.Bench.Running;

namespace EtcdBackupAgent.Bench.Increments;

/// <summary>The commands on a repository with a base, and their measurement.</summary>
internal sealed class IncrementSteps
{
    private const string ResticBackup =
        "etcdctl snapshot save etcd.db\nrestic --quiet backup --repo $RESTIC etcd.db";

    private static readonly Candidate Restic =
        new("restic", "restic --quiet init --repo $RESTIC", ResticBackup);

    /// <summary>HashKV costs etcd the same for both kinds, so neither requests it.</summary>
    private static readonly (string Name, Candidate Full, Candidate Incremental)[] All =
    [
        (
            "backup",
            new(
                "backup, full",
                "etcd-backup-agent init --repository file://$TARGET --recipient $RECIPIENT",
                $"etcd-backup-agent backup --repository file://$TARGET --policy bench --hash-kv never \\\n"
                + $"  {FilledEtcd.AgentOptions}"),
            new(
                "backup, incremental",
                "",
                $"etcd-backup-agent backup --incremental --repository file://$REPOSITORY --policy bench "
                + $"--hash-kv never \\\n  {FilledEtcd.AgentOptions}")),
        Step("verify", "verify {0}", ""),
        Step("verify --deep", "verify --deep {0}", ""),
        Step("restore --to", "restore {0}", " --to $TARGET"),
    ];

    private readonly BenchScene _scene;
    private readonly bool _memoryOnly;
    private readonly IReadOnlyDictionary<string, string?> _variables;
    private readonly string _repository;
    private readonly string _restic;

    private IncrementSteps(
        BenchScene scene, bool memoryOnly, IReadOnlyDictionary<string, string?> variables, string[] directories)
    {
        (_scene, _memoryOnly, _variables) = (scene, memoryOnly, variables);
        (_repository, _restic) = (directories[0], directories[1]);
    }

    /// <summary>Makes the base, and the first snapshot of restic.</summary>
    public static async Task<IncrementSteps> PrepareAsync(
        BenchScene scene, FilledEtcd etcd, bool memoryOnly, CancellationToken cancellationToken)
    {
        (string repository, string restic) = (scene.Directory["increments"], scene.Directory["restic"]);
        Dictionary<string, string?> variables = new(Variables.Of(etcd.Variables, scene.Keys), StringComparer.Ordinal)
        {
            ["REPOSITORY"] = repository,
            ["RESTIC"] = restic,
        };
        await scene.Workspace.RunAsync(
            "etcd-backup-agent init --repository file://$REPOSITORY --recipient $RECIPIENT\n"
            + All[0].Incremental.Text
            + (memoryOnly ? "" : $"\nrestic --quiet init --repo $RESTIC\n{ResticBackup}"),
            variables,
            cancellationToken);
        string folder = Directory.GetDirectories(Path.Combine(repository, "snapshots")).Single();
        variables["BASE"] = folder.Split('-')[^1];
        return new IncrementSteps(scene, memoryOnly, variables, [repository, restic]);
    }

    /// <summary>Stores the state of the etcd with each program, and runs each step.</summary>
    public async Task<IncrementRow> MeasureAsync(double share, int rounds, CancellationToken cancellationToken)
    {
        long fullBytes = 0;
        long resticBytes = 0;
        if (!_memoryOnly)
        {
            Candidate full = All[0].Full;
            string kept = _scene.Directory["full"];
            string text = $"{full.Setup}\n{full.Text}".Replace("$TARGET", kept, StringComparison.Ordinal);
            fullBytes = await AddedBytesAsync(text, Path.Combine(kept, "snapshots"), cancellationToken);
            Directory.Delete(kept, recursive: true);
            resticBytes = await AddedBytesAsync(ResticBackup, _restic, cancellationToken);
        }

        IncrementStep[] steps =
        [
            .. All.Select(step => new IncrementStep(
                step.Name, _memoryOnly ? null : new StepResult(step.Full), new StepResult(step.Incremental))),
        ];
        long before = BytesOf(_repository);
        long? added = null;
        foreach (IncrementStep step in steps)
        {
            for (int round = 0; round < rounds; round++)
            {
                foreach (StepResult result in new[] { step.Full, step.Incremental }.OfType<StepResult>())
                {
                    MeasuredRun run = await _scene.Workspace.RunAsync(result.Candidate, _variables, cancellationToken);
                    result.Runs.Add(run);
                    await _scene.Output.WriteLineAsync(
                        $"  {share:0.0%} {step.Name,-14} {(result == step.Full ? "full" : "incremental"),-11} "
                        + $"{run.Elapsed.TotalSeconds,7:0.00} s wall {run.CpuTime.TotalSeconds,7:0.00} s CPU "
                        + $"{run.PeakBytes / 1e6,6:0} MB peak {run.ScratchBytes / 1e6,6:0} MB disk");
                }

                added ??= BytesOf(_repository) - before;
            }
        }

        RequireIncrements();
        return new IncrementRow
        {
            Share = share,
            FullBytes = fullBytes,
            IncrementalBytes = added!.Value,
            ResticBytes = resticBytes,
            Steps = steps,
        };
    }

    /// <summary>Returns the commands exactly as they were run.</summary>
    public string Commands() => ComparisonTable.Commands(_memoryOnly
        ? All.Select(step => step.Incremental)
        : [.. All.SelectMany(step => new[] { step.Full, step.Incremental }), Restic]);

    private static (string Name, Candidate Full, Candidate Incremental) Step(string name, string verb, string end)
    {
        return (name, Of("full", "$BASE"), Of("incremental", "latest"));

        Candidate Of(string kind, string snapshot) => new(
            $"{name}, {kind}",
            "",
            $"etcd-backup-agent {verb.Replace("{0}", snapshot, StringComparison.Ordinal)} "
            + $"--repository file://$REPOSITORY --identity-file $IDENTITY{end}");
    }

    /// <summary>A backup that finds an obstacle stores a full snapshot, which would be measured instead.</summary>
    private void RequireIncrements()
    {
        string[] full = Directory.GetFiles(_repository, "etcd.db.*", SearchOption.AllDirectories);
        if (full.Length != 1)
        {
            string folder = Path.GetDirectoryName(full.Max(StringComparer.Ordinal))!;
            string manifest = File.ReadAllText(Path.Combine(folder, "manifest.json"));
            throw new InvalidOperationException($"A snapshot is a full one; see 'kindReason':\n{manifest}");
        }
    }

    private async Task<long> AddedBytesAsync(string text, string directory, CancellationToken cancellationToken)
    {
        long before = BytesOf(directory);
        await _scene.Workspace.RunAsync(text, _variables, cancellationToken);
        return BytesOf(directory) - before;
    }

    private static long BytesOf(string directory) => Directory.Exists(directory)
        ? new DirectoryInfo(directory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length)
        : 0;
}
