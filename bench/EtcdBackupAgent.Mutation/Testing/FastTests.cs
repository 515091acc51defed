using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using EtcdBackupAgent.Mutation.Mutants;
using EtcdBackupAgent.Mutation.Sources;

namespace EtcdBackupAgent.Mutation.Testing;

/// <summary>The built fast tests, run in processes of their own.</summary>
/// <remarks>
/// The tests of the architecture are left out: they read the sources and the shape of the assemblies, which the
/// switches change and no mutant does.
/// </remarks>
internal sealed partial class FastTests(WorkTree tree)
{
    private const string Namespace = "EtcdBackupAgent.Tests.";
    private const string LeftOut = $"FullyQualifiedName!~{Namespace}Architecture.";

    /// <summary>How many times the time without a mutant the tests may take with one, besides the start.</summary>
    private const int SlownessMax = 4;

    private static readonly TimeSpan StartTimeMax = TimeSpan.FromMinutes(1);

    /// <summary>Seconds without a mutant, by the full name of the test's class.</summary>
    private readonly Dictionary<string, double> _seconds = new(StringComparer.Ordinal);

    /// <summary>Runs all tests without a mutant and keeps their times.</summary>
    /// <returns>The number of tests and their time, for people.</returns>
    /// <exception cref="MutationException">A test failed.</exception>
    public async Task<string> RunUnmutatedAsync(CancellationToken cancellationToken)
    {
        Stopwatch clock = Stopwatch.StartNew();
        string results = Path.Combine(tree.Scratch, "unmutated.trx");
        TestVerdict verdict = await RunAsync(
            mutant: 0,
            LeftOut,
            Timeout.InfiniteTimeSpan,
            ["--logger", $"trx;LogFileName={results}"],
            cancellationToken);
        if (verdict.IsKilled)
        {
            throw new MutationException($"the fast tests fail without a mutant; the first is {verdict.KilledBy}");
        }

        XDocument document = XDocument.Load(results);
        XNamespace ns = document.Root!.Name.Namespace;
        ILookup<string, string> classes = document.Descendants(ns + "UnitTest").ToLookup(
            test => test.Attribute("id")!.Value,
            test => test.Element(ns + "TestMethod")!.Attribute("className")!.Value);
        int tests = 0;
        foreach (XElement result in document.Descendants(ns + "UnitTestResult"))
        {
            string name = classes[result.Attribute("testId")!.Value].First();
            double seconds = result.Attribute("duration") is { } duration
                ? TimeSpan.Parse(duration.Value, CultureInfo.InvariantCulture).TotalSeconds
                : 0;
            _seconds[name] = _seconds.GetValueOrDefault(name) + seconds;
            tests++;
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"{tests} tests pass in {clock.Elapsed.TotalSeconds:0} s");
    }

    /// <summary>Runs the tests of the mutant's folder, then all others, until one fails.</summary>
    public async Task<TestVerdict> RunAsync(Mutant mutant, CancellationToken cancellationToken)
    {
        string near = $"{Namespace}{TestFolder(mutant.File).Replace('/', '.')}.";
        TestVerdict first = await RunAsync(
            mutant.Id,
            $"FullyQualifiedName~{near}",
            TimeLimit(name => name.StartsWith(near, StringComparison.Ordinal)),
            cancellationToken);
        return first.IsKilled
            ? first
            : await RunAsync(
                mutant.Id,
                $"{LeftOut}&FullyQualifiedName!~{near}",
                TimeLimit(name => !name.StartsWith(near, StringComparison.Ordinal)),
                cancellationToken);
    }

    /// <summary>
    /// Runs tests with a mutant. A timeout counts only if the same tests pass in that time without it: other work on
    /// the machine may have begun since the times were measured.
    /// </summary>
    private async Task<TestVerdict> RunAsync(
        int mutant, string filter, TimeSpan timeLimit, CancellationToken cancellationToken)
    {
        while (true)
        {
            TestVerdict verdict = await RunAsync(mutant, filter, timeLimit, [], cancellationToken);
            if (!verdict.IsTimeout
                || !(await RunAsync(mutant: 0, filter, timeLimit, [], cancellationToken)).IsTimeout)
            {
                return verdict;
            }

            timeLimit *= 2;
        }
    }

    /// <summary>The tests mirror src, without the common prefix; a folder without tests has its parent's.</summary>
    private string TestFolder(string file)
    {
        string project = Mutant.ProjectOf(file);
        string[] folders = file.Split('/')[2..^1];
        List<string> path = project == "EtcdBackupAgent" ? [] : [project["EtcdBackupAgent.".Length..]];
        path.AddRange(folders);
        while (path.Count > 1 && !tree.HasTests(string.Join('/', path)))
        {
            path.RemoveAt(path.Count - 1);
        }

        return string.Join('/', path);
    }

    /// <summary>Tests run in parallel, so the sum of their times is an upper bound of the time of the run.</summary>
    private TimeSpan TimeLimit(Func<string, bool> isRun)
    {
        double seconds = _seconds.Where(pair => isRun(pair.Key)).Sum(pair => pair.Value);
        return StartTimeMax + TimeSpan.FromSeconds(SlownessMax * seconds);
    }

    private async Task<TestVerdict> RunAsync(
        int mutant,
        string filter,
        TimeSpan timeLimit,
        IEnumerable<string> options,
        CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new("dotnet", ["test", tree.TestAssembly, "--filter", filter, .. options])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[MutantSwitch.Variable] = mutant.ToString(CultureInfo.InvariantCulture);
        start.Environment["TMPDIR"] = tree.Scratch;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeLimit);
        using Process process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (FailedTest().Match(line) is { Success: true } failed)
                {
                    return new TestVerdict(failed.Groups["name"].Value);
                }
            }

            await process.WaitForExitAsync(limit.Token);
            return new TestVerdict(process.ExitCode == 0 ? null : "the end of the test process");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new TestVerdict(null, IsTimeout: true);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    /// <summary>This line is printed as soon as a test has failed. The arguments of a theory are left out.</summary>
    [GeneratedRegex(
        @"^ *Failed EtcdBackupAgent\.Tests\.(?<name>[A-Za-z0-9_.+]+)",
        RegexOptions.None,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex FailedTest();
}
