using System.Globalization;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>Where contenders do their job: the programs on PATH, and places of its own for each run.</summary>
/// <remarks>
/// Each run finds <c>$TARGET</c>, a path that nothing is at, <c>$BUCKET</c>, a name that no bucket has, and an empty
/// working directory, which is also that for temporary files. Files are gone after it; what it put into a bucket stays,
/// for its removal would go on during the next run.
/// </remarks>
internal sealed class Workplace
{
    private readonly TestDirectory _directory;
    private readonly string _path;
    private int _runs;

    /// <param name="directory">For everything that the runs write.</param>
    /// <param name="programs">What the contenders' texts call by name: the names, and the files.</param>
    /// <param name="folderName">Where the programs are, below the directory.</param>
    public Workplace(
        TestDirectory directory, IReadOnlyDictionary<string, string> programs, string folderName = "programs")
    {
        _directory = directory;
        string folder = directory.Create(folderName);
        foreach ((string name, string file) in programs)
        {
            File.CreateSymbolicLink(Path.Combine(folder, name), file);
        }

        _path = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}";
    }

    /// <summary>Sets the job up, does it, and removes what it left on the disk.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public async Task<MeasuredRun> RunAsync(
        Contender contender, IReadOnlyDictionary<string, string?> variables, CancellationToken cancellationToken)
    {
        string number = (++_runs).ToString(CultureInfo.InvariantCulture);
        string scratch = _directory.Create($"scratch-{number}");
        string target = _directory[$"target-{number}"];
        Dictionary<string, string?> all = new(variables, StringComparer.Ordinal)
        {
            ["PATH"] = _path,
            ["TARGET"] = target,
            ["BUCKET"] = $"bench-{number}",
            ["RESTIC_CACHE_DIR"] = _directory["restic-cache"],
        };
        try
        {
            if (contender.Setup.Length > 0)
            {
                await MeasuredRun.RunShellAsync(contender.Setup, [], all, scratch, cancellationToken);
            }

            return await MeasuredRun.RunShellAsync(contender.Text, [], all, scratch, cancellationToken);
        }
        finally
        {
            foreach (string place in new[] { scratch, target }.Where(Directory.Exists))
            {
                Directory.Delete(place, recursive: true);
            }
        }
    }

    /// <summary>Runs a text that is no contender's, for what must be there over several runs.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds what it said.</exception>
    public Task RunAsync(
        string text, IReadOnlyDictionary<string, string?> variables, CancellationToken cancellationToken) =>
        RunAsync(new Contender("preparation", "", text), variables, cancellationToken);
}
