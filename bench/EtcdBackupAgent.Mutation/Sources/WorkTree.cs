using System.Diagnostics;

namespace EtcdBackupAgent.Mutation.Sources;

/// <summary>
/// A copy of the repository in the temporary folder, with the changes that are not committed. Dispose removes it.
/// </summary>
internal sealed class WorkTree : IDisposable
{
    private const string Tests = "tests/EtcdBackupAgent.Tests";

    /// <summary>The build is not what is tested: no analyzer and no warning about a mutant may stop it.</summary>
    private static readonly string[] BuildProperties =
    [
        "-p:Configuration=Release", "-p:TreatWarningsAsErrors=false", "-p:RunAnalyzers=false",
        "-p:EnforceCodeStyleInBuild=false", "-p:GenerateDocumentationFile=false",
    ];

    private readonly string _repository = Directory.GetCurrentDirectory();

    private WorkTree() => Root = Directory.CreateTempSubdirectory("mutate-").FullName;

    /// <summary>The copy's root directory.</summary>
    public string Root { get; }

    /// <summary>A directory for the temporary files of the tests, which a killed test leaves behind.</summary>
    public string Scratch => Path.Combine(Root, "scratch");

    /// <summary>The built fast tests.</summary>
    public string TestAssembly => Path.Combine(Root, Tests, "bin/Release/net10.0/EtcdBackupAgent.Tests.dll");

    /// <summary>Copies the tree around the current directory.</summary>
    public static async Task<WorkTree> CopyAsync(CancellationToken cancellationToken)
    {
        WorkTree tree = new();
        try
        {
            Directory.CreateDirectory(tree.Scratch);
            foreach (string file in await tree.FilesAsync("*", cancellationToken))
            {
                string target = Path.Combine(tree.Root, file);
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(Path.Combine(tree._repository, file), target);
            }

            return tree;
        }
        catch
        {
            tree.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns the C# files that match a pattern of git (<c>**</c> is any number of folders), in ordinal order.
    /// </summary>
    public async Task<IReadOnlyList<string>> SourcesAsync(string pattern, CancellationToken cancellationToken) =>
    [
        .. (await FilesAsync(pattern, cancellationToken))
            .Where(file => file.StartsWith("src/", StringComparison.Ordinal)
                && file.EndsWith(".cs", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Whether the fast tests have a folder with this path.</summary>
    public bool HasTests(string folder) => Directory.Exists(Path.Combine(Root, Tests, folder));

    /// <summary>Restores the packages of the fast tests and of all that they test.</summary>
    public Task RestoreAsync(CancellationToken cancellationToken) =>
        RunAsync("dotnet", ["restore", Tests, "--verbosity", "quiet"], Root, cancellationToken);

    /// <summary>Builds the fast tests and all that they test.</summary>
    public Task BuildTestsAsync(CancellationToken cancellationToken) => RunAsync(
        "dotnet",
        ["build", Tests, "--no-restore", "--verbosity", "quiet", "-tl:off", "-m:2", .. BuildProperties],
        Root,
        cancellationToken);

    /// <summary>Returns the items of a project as JSON, after all that precedes its compilation is done.</summary>
    public Task<string> ItemsAsync(
        string project, IEnumerable<string> items, CancellationToken cancellationToken) => RunAsync(
        "dotnet",
        [
            "msbuild", project, "-t:Compile", "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true",
            "-p:BuildProjectReferences=false", .. BuildProperties, .. items.Select(item => $"-getItem:{item}"),
        ],
        Root,
        cancellationToken);

    public void Dispose() => Directory.Delete(Root, recursive: true);

    private async Task<IReadOnlyList<string>> FilesAsync(string pattern, CancellationToken cancellationToken)
    {
        string pathspec = pattern == "*" ? "." : $":(glob){pattern}";
        string files = await RunAsync(
            "git",
            ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pathspec],
            _repository,
            cancellationToken);
        return
        [
            .. files.Split('\0', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal)
                .Where(file => File.Exists(Path.Combine(_repository, file))),
        ];
    }

    private static async Task<string> RunAsync(
        string program, IEnumerable<string> arguments, string directory, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = directory,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            string text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0
                ? text
                : throw new MutationException($"'{program} {string.Join(' ', arguments)}' failed:\n{text}");
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
    }
}
