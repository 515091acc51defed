using System.Diagnostics;
using System.Globalization;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.Testing.Kills;

/// <summary>Kills runs of one kind at seeded random moments, and looks after each at what must hold.</summary>
public sealed class KillSeries(KillScene scene, KilledVerb verb, int seed)
{
    /// <summary>Runs that nobody kills, of which the middle one's duration counts.</summary>
    private const int UndisturbedRuns = 3;

    /// <summary>After so many kills everything is read and restored, and what was left is collected.</summary>
    private const int KillsPerProof = 10;

    private readonly Random _random = new(unchecked((seed * 31) + (int)verb));
    private readonly List<string> _violations = [];
    private int _beforeFirstRequest;
    private int _onTheWay;
    private int _afterEffect;
    private int _afterEnd;

    private enum Phase
    {
        BeforeFirstRequest,
        OnTheWay,
        AfterEffect,
        AfterEnd,
    }

    /// <remarks>
    /// 1. See how long a run takes. 2. Start one, and kill it at a moment within that time, until so many were killed
    /// that had not ended.
    /// 3. After each: nothing that is listed is incomplete, nothing is gone that the run was not to remove, nothing is
    /// left in the temporary directory; a restore is done again. 4. Now and then, and at the end: a run works, all that
    /// is listed verifies, the newest restores, a prune collects the rest.
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
            if (killed == kills || (_onTheWay + _beforeFirstRequest + _afterEffect + _afterEnd) % KillsPerProof == 0)
            {
                // 4
                await ProveAsync(cancellationToken);
            }
        }

        return new KillReport(verb, undisturbed, _beforeFirstRequest, _onTheWay, _afterEffect, _afterEnd, _violations);
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

    /// <returns>Whether the run had not ended by itself.</returns>
    private async Task<bool> KillAsync(TimeSpan moment, CancellationToken cancellationToken)
    {
        string[] arguments = await PrepareAsync(cancellationToken);
        IReadOnlyList<string> before = await scene.Repository.ListAsync(_violations.Add, cancellationToken);
        await using PeerProcess run = scene.Start(arguments);
        await Task.Delay(moment, TimeProvider.System, cancellationToken);
        run.Kill();
        int exitCode = await run.WaitForExitAsync(cancellationToken);
        await scene.UntilQuietAsync(cancellationToken);
        Phase phase = PhaseOf(exitCode);
        Count(phase);

        // 3
        void Violated(string what) => _violations.Add(string.Create(
            CultureInfo.InvariantCulture,
            $"{verb}, seed {seed}, killed after {moment.TotalMilliseconds:0} ms ({phase}, {scene.Requests.Count} "
            + $"requests): {what}"));
        if (exitCode is not (0 or 137))
        {
            Violated($"ended with {exitCode}: {run.Output}");
        }

        IReadOnlyList<string> after = await scene.Repository.ListAsync(Violated, cancellationToken);
        foreach (string id in MustStay(before).Except(after, StringComparer.Ordinal))
        {
            Violated($"{id} is gone");
        }

        foreach (string left in Directory.GetFileSystemEntries(scene.Temporary))
        {
            Violated($"left {left}");
            File.Delete(left);
        }

        if (verb is KilledVerb.Restore or KilledVerb.RestoreData)
        {
            await RestoreAgainAsync(arguments, Violated, cancellationToken);
        }

        return phase != Phase.AfterEnd;
    }

    /// <summary>What the run needs is there.</summary>
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
                throw new InvalidOperationException($"There is no way to run {verb}.");
        }
    }

    private IEnumerable<string> MustStay(IReadOnlyList<string> before) => verb switch
    {
        KilledVerb.Prune => before.TakeLast(2),
        KilledVerb.Delete => before.Skip(1),
        _ => before,
    };

    private Phase PhaseOf(int exitCode) => (exitCode, scene.Requests.Count) switch
    {
        (0, _) => Phase.AfterEnd,
        (_, 0) => Phase.BeforeFirstRequest,
        _ => HasEffect() ? Phase.AfterEffect : Phase.OnTheWay,
    };

    private bool HasEffect() => verb switch
    {
        KilledVerb.Backup => Asked("PUT", "manifest.json"),
        KilledVerb.Prune or KilledVerb.Delete => Asked("POST", "delete"),
        KilledVerb.Verify => Asked("PUT", "verification"),
        _ => IsRestored(),
    };

    private bool Asked(string method, string part) => scene.Requests.Any(request =>
        request.StartsWith(method, StringComparison.Ordinal) && request.Contains(part, StringComparison.Ordinal));

    private bool IsRestored() => Directory.Exists(scene.Target)
        && Directory.GetFileSystemEntries(scene.Target).Any(entry => !Path.GetFileName(entry).StartsWith('.'));

    /// <summary>
    /// To the same target: what a killed restore left is no hindrance; what it had finished is replaced when that is
    /// asked for.
    /// </summary>
    private async Task RestoreAgainAsync(
        string[] arguments,
        Action<string> violated,
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
        string[] there =
        [
            .. Directory
                .GetFileSystemEntries(scene.Target)
                .Select(entry => Path.GetFileName(entry))
                .Order(StringComparer.Ordinal),
        ];
        string[] expected = verb == KilledVerb.Restore ? ["certificates", "etcd-snapshot.db"] : ["member"];
        if (again.ExitCode != 0 || !there.SequenceEqual(expected, StringComparer.Ordinal))
        {
            violated(
                $"the next restore ended with {again.ExitCode} and {string.Join(", ", there)}: {again.StandardError}");
        }

        ClearTarget();
    }

    /// <summary>
    /// A run works, everything verifies, by the program, too, the newest restores, and a prune a day later leaves
    /// nothing else.
    /// </summary>
    private async Task ProveAsync(CancellationToken cancellationToken)
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
                    $"{verb}, seed {seed}: the next '{string.Join(' ', run)}' ended with {result.ExitCode}: "
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
            case Phase.OnTheWay:
                _onTheWay++;
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
