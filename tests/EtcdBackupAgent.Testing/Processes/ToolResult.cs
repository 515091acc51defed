namespace EtcdBackupAgent.Testing.Processes;

/// <summary>How a program ended and what it said.</summary>
public sealed record ToolResult(int ExitCode, string StandardOutput, string StandardError)
{
    /// <summary>The standard output of a run that must have succeeded.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message holds all that it said.</exception>
    public string Output => ExitCode == 0
        ? StandardOutput
        : throw new InvalidOperationException($"The program ended with {ExitCode}.\n{StandardOutput}\n{StandardError}");
}
