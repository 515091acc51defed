using System.Diagnostics;
using System.Globalization;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.Kills;

/// <summary>Kills runs of one kind at seeded random moments, and checks the invariants after each kill.</summary>
public sealed class KillSeries(KillScene scene, KilledVerb verb, int seed)
{
    /// <summary>The number of runs without a kill; the median of their durations is used.</summary>
    private const int UndisturbedRuns = 3;

    /// <summary>The number of kills after which everything is read and restored, and leftovers are pruned.</summary>
    private const int KillsPerFullCheck = 10;

    private readonly Random _random = new(unchecked((seed * 31) + (int)verb));
    private readonly List<string> _violations = [];
    private int _beforeFirstRequest;
    private int _beforeEffect;
    private int _afterEffect;
    private int _afterEnd;

    private enum Phase
    {
        BeforeFirstRequest,
        BeforeEffect,
        AfterEffect,
        AfterEnd,
    }

    /// <remarks>
    /// 1. Measure how long a run takes. 2. Start a run and kill it at a moment within that time. Repeat this until the
    /// given number of runs was killed before their end.
    /// 3. Check after each kill: all listed snapshots are complete; only those that the run was to remove are missing;
    /// nothing is left in the temporary directory. Repeat a restore. 4. Check from time to time, and at the end: a run
    /// succeeds, all listed snapshots verify, the newest one can be restored, and a prune removes the rest.
    /// </remarks>
    public async Task<KillReport> RunAsync(int kills, CancellationToken cancellationToken)
    {
        // 1
        TimeSpan undisturbed = await MeasureAsync(cancellationToken);

        // 2
        for (int killed = 0; killed < kills;)
        {
            TimeSpan moment = undisturbed * _random.NextDouble();
            killed += await KillAsync(moment, cancellationToken) ? 1 : 0;
            if (killed == kills
                || (_beforeEffect + _beforeFirstRequest + _afterEffect + _afterEnd) % KillsPerFullCheck == 0)
            {
                // 4
                await CheckAllAsync(cancellationToken);
            }
        }

        return new KillReport(
            verb, undisturbed, _beforeFirstRequest, _beforeEffect, _afterEffect, _afterEnd, _violations);
    }

    private async Task<TimeSpan> MeasureAsync(CancellationToken cancellationToken)
    {
        List<TimeSpan> durations = [];
        for (int i = 0; i < UndisturbedRuns; i++)
        {
            string[] arguments = await PrepareAsync(cancellationToken);
            long start = Stopwatch.GetTimestamp();
            _ = (await scene.RunAsync(arguments, cancellationToken)).Output;
            durations.Add(Stopwatch.GetElapsedTime(start));
        }

        ClearTarget();
        return durations.Order().ElementAt(UndisturbedRuns / 2);
    }

    /// <returns>Whether the kill came before the end of the run.</returns>
    private async Task<bool> KillAsync(TimeSpan moment, CancellationToken cancellationToken)
    {
        string[] arguments = await PrepareAsync(cancellationToken);
        IReadOnlyList<string> before = await scene.Repository.ListAsync(_violations.Add, cancellationToken);
        await using PeerProcess run = scene.Start(arguments);
        await Task.Delay(moment, TimeProvider.System, cancellationToken);
        run.Kill();
        int exitCode = await run.WaitForExitAsync(cancellationToken);
        await scene.UntilRequestsEndAsync(cancellationToken);
        Phase phase = PhaseOf(exitCode);
        Count(phase);

        // 3
        void Report(string what) => _violations.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{verb}, seed {seed}, killed after {moment.TotalMilliseconds:0} ms ({phase}, {scene.Requests.Count} "
            + $"requests): {what}"));
        if (exitCode is not (0 or 137))
        {
            Report($"exit code {exitCode}: {run.Output}");
        }

        IReadOnlyList<string> after = await scene.Repository.ListAsync(Report, cancellationToken);
        foreach (string id in MustRemain(before).Except(after, StringComparer.Ordinal))
        {
            Report($"{id} is missing");
        }

        foreach (string left in Directory.GetFileSystemEntries(scene.Temporary))
        {
            Report($"{left} was left behind");
            File.Delete(left);
        }

        if (verb is KilledVerb.Restore or KilledVerb.RestoreData)
        {
            await RestoreAgainAsync(arguments, Report, cancellationToken);
        }

        return phase != Phase.AfterEnd;
    }

    /// <summary>Prepares the repository and the target for a run.</summary>
    /// <returns>The verb and its arguments.</returns>
    private async Task<string[]> PrepareAsync(CancellationToken cancellationToken)
    {
        int snapshots = verb switch
        {
            KilledVerb.Prune => 4,
            KilledVerb.Delete => 3,
            _ => 1,
        };
        await scene.Repository.FillAsync(snapshots, scene.Certificates, cancellationToken);
        ClearTarget();
        switch (verb)
        {
            case KilledVerb.Backup:
                return scene.BackupArguments;
            case KilledVerb.Prune:
                return ["prune", "--policy", KilledRepository.Policy, "--retain", "2"];
            case KilledVerb.Delete:
                return ["delete", (await scene.Repository.ListAsync(_ => { }, cancellationToken))[0], "--yes"];
            case KilledVerb.Verify:
                return ["verify", "--deep", "latest"];
            case KilledVerb.Restore:
                return ["restore", "latest", "--to", scene.Target];
            case KilledVerb.RestoreData:
                return ["restore", "latest", "--data-dir", scene.Target];
            default:
                throw new InvalidOperationException($"'{verb}' is not a verb of this series.");
        }
    }

    private IEnumerable<string> MustRemain(IReadOnlyList<string> before) => verb switch
    {
        KilledVerb.Prune => before.TakeLast(2),
        KilledVerb.Delete => before.Skip(1),
        _ => before,
    };

    private Phase PhaseOf(int exitCode) => (exitCode, scene.Requests.Count) switch
    {
        (0, _) => Phase.AfterEnd,
        (_, 0) => Phase.BeforeFirstRequest,
        _ => HasEffect() ? Phase.AfterEffect : Phase.BeforeEffect,
    };

    private bool HasEffect() => verb switch
    {
        KilledVerb.Backup => HasRequest("PUT", "manifest.json"),
        KilledVerb.Prune or KilledVerb.Delete => HasRequest("POST", "delete"),
        KilledVerb.Verify => HasRequest("PUT", "verification"),
        _ => IsRestored(),
    };

    private bool HasRequest(string method, string part) => scene.Requests.Any(request =>
        request.StartsWith(method, StringComparison.Ordinal) && request.Contains(part, StringComparison.Ordinal));

    private bool IsRestored() => Directory.Exists(scene.Target)
        && Directory.GetFileSystemEntries(scene.Target).Any(entry => !Path.GetFileName(entry).StartsWith('.'));

    /// <summary>
    /// Restores to the same target. The leftovers of a killed restore must not prevent this; a finished restore is
    /// replaced with <c>--overwrite</c>.
    /// </summary>
    private async Task RestoreAgainAsync(
        string[] arguments,
        Action<string> report,
        CancellationToken cancellationToken)
    {
        bool finished = IsRestored();
        if (finished && verb == KilledVerb.RestoreData)
        {
            ClearTarget();
        }

        ToolResult again = await scene.RunAsync(
            finished && verb == KilledVerb.Restore ? [.. arguments, "--overwrite"] : arguments,
            cancellationToken);
        string[] found =
        [
            .. Directory
                .GetFileSystemEntries(scene.Target)
                .Select(entry => Path.GetFileName(entry))
                .Order(StringComparer.Ordinal),
        ];
        string[] expected = verb == KilledVerb.Restore ? ["certificates", "etcd-snapshot.db"] : ["member"];
        if (again.ExitCode != 0 || !found.SequenceEqual(expected, StringComparer.Ordinal))
        {
            report(
                $"the next restore: exit code {again.ExitCode}, {string.Join(", ", found)}: {again.StandardError}");
        }

        ClearTarget();
    }

    /// <summary>
    /// Checks that a run succeeds, everything verifies (with the program too), the newest snapshot can be restored, and
    /// a prune one day later leaves nothing else.
    /// </summary>
    private async Task CheckAllAsync(CancellationToken cancellationToken)
    {
        string[][] runs =
        [
            await PrepareAsync(cancellationToken),
            ["verify", "--all"],
            ["restore", "latest", "--to", scene.Target, "--overwrite"],
        ];
        foreach (string[] run in runs)
        {
            ToolResult result = await scene.RunAsync(run, cancellationToken);
            if (result.ExitCode != 0)
            {
                _violations.Add(
                    $"{verb}, seed {seed}: the next '{string.Join(' ', run)}': exit code {result.ExitCode}: "
                    + $"{result.StandardError}"
                );
            }

            ClearTarget();
        }

        await scene.Repository.PruneADayLaterAsync(_violations.Add, cancellationToken);
        await scene.Repository.VerifyAsync(_violations.Add, cancellationToken);
    }

    private void Count(Phase phase)
    {
        switch (phase)
        {
            case Phase.BeforeFirstRequest:
                _beforeFirstRequest++;
                break;
            case Phase.BeforeEffect:
                _beforeEffect++;
                break;
            case Phase.AfterEffect:
                _afterEffect++;
                break;
            case Phase.AfterEnd:
                _afterEnd++;
                break;
        }
    }

    private void ClearTarget()
    {
        if (Directory.Exists(scene.Target))
        {
            Directory.Delete(scene.Target, recursive: true);
        }
    }
}
