namespace EtcdBackupAgent.Testing.Processes;

/// <summary>The exit code and the output of a program.</summary>
public sealed record ToolResult(int ExitCode, string StandardOutput, string StandardError)
{
    /// <summary>The standard output of a run that must have succeeded.</summary>
    /// <exception cref="InvalidOperationException">The program failed; the message contains all its output.</exception>
    public string Output => ExitCode == 0
        ? StandardOutput
        : throw new InvalidOperationException($"The program ended with {ExitCode}.\n{StandardOutput}\n{StandardError}");
}
