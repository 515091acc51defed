using System.Globalization;
using EtcdBackupAgent.Bench.Running;
using EtcdBackupAgent.Testing.Directories;

namespace EtcdBackupAgent.Bench.Comparing;

/// <summary>
/// The environment in which candidates run: the programs on PATH, and separate directories for each run.
/// </summary>
/// <remarks>
/// Each run gets <c>$TARGET</c>, a path that does not exist, <c>$BUCKET</c>, the name of a bucket that does not exist,
/// and an empty working directory, which is also the directory for temporary files. The files are removed after the
/// run. The objects in the bucket remain, because their removal would continue during the next run.
/// </remarks>
internal sealed class Workspace
{
    private readonly TestDirectory _directory;
    private readonly string _path;
    private int _runs;

    /// <param name="directory">The directory for all files of the runs.</param>
    /// <param name="programs">The programs that the commands call: the names and the files.</param>
    /// <param name="folderName">The folder for the programs below the directory.</param>
    public Workspace(
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

    /// <summary>Prepares and runs a job, and removes its files.</summary>
    /// <exception cref="InvalidOperationException">The job failed; the message contains its output.</exception>
    public async Task<MeasuredRun> RunAsync(
        Candidate candidate, IReadOnlyDictionary<string, string?> variables, CancellationToken cancellationToken)
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
            if (candidate.Setup.Length > 0)
            {
                await MeasuredRun.RunShellAsync(candidate.Setup, [], all, scratch, cancellationToken);
            }

            return await MeasuredRun.RunShellAsync(candidate.Text, [], all, scratch, cancellationToken);
        }
        finally
        {
            foreach (string place in new[] { scratch, target }.Where(Directory.Exists))
            {
                Directory.Delete(place, recursive: true);
            }
        }
    }

    /// <summary>Runs commands that prepare several runs.</summary>
    /// <exception cref="InvalidOperationException">The job failed; the message contains its output.</exception>
    public Task RunAsync(
        string text, IReadOnlyDictionary<string, string?> variables, CancellationToken cancellationToken) =>
        RunAsync(new Candidate("preparation", "", text), variables, cancellationToken);
}
