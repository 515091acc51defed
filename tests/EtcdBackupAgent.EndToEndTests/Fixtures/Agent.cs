using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>
/// Runs the built program: the one that the environment variable EBA_AGENT names, or else
/// <c>artifacts/etcd-backup-agent</c>, where <c>eng/build</c> writes it.
/// </summary>
internal static class Agent
{
    private const string PathVariable = "EBA_AGENT";

    /// <summary>Variables of the developer's machine must not influence a test.</summary>
    private static readonly IReadOnlyDictionary<string, string?> CleanEnvironment =
        new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["AWS_ACCESS_KEY_ID"] = null,
            ["AWS_SECRET_ACCESS_KEY"] = null,
            ["AWS_SESSION_TOKEN"] = null,
            ["AWS_PROFILE"] = null,
            ["AWS_REGION"] = null,
            ["AWS_DEFAULT_REGION"] = null,
            ["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null",
            ["AWS_CONFIG_FILE"] = "/dev/null",
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["ETCD_PASSWORD"] = null,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = null,
            ["OTEL_SDK_DISABLED"] = null,
            ["HTTP_PROXY"] = null,
            ["http_proxy"] = null,
            ["HTTPS_PROXY"] = null,
            ["https_proxy"] = null,
            ["ALL_PROXY"] = null,
            ["all_proxy"] = null,
            ["NO_PROXY"] = null,
            ["no_proxy"] = null,
        };

    public static string Path { get; } = Find();

    /// <summary>Runs the program and waits for its end.</summary>
    public static Task<ToolResult> RunAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        Tool.RunAsync(Path, arguments, Environment(environment));

    /// <summary>Starts the program without waiting for its end.</summary>
    public static PeerProcess Start(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        PeerProcess.Start(Path, arguments, Environment(environment));

    /// <summary>Returns the environment of the program: a clean one with the variables that the test adds.</summary>
    public static IReadOnlyDictionary<string, string?> Environment(IReadOnlyDictionary<string, string?>? added)
    {
        Dictionary<string, string?> all = new(CleanEnvironment, StringComparer.Ordinal);
        foreach ((string name, string? value) in added ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            all[name] = value;
        }

        return all;
    }

    private static string Find()
    {
        if (System.Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } named)
        {
            return System.IO.Path.GetFullPath(named);
        }

        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = System.IO.Path.Combine(folder.FullName, "artifacts", "etcd-backup-agent");
            if (File.Exists(path))
            {
                return path;
            }
        }

        throw new FileNotFoundException(
            $"The program is not built: run eng/build, or set the environment variable {PathVariable} to its path.");
    }
}
