using System.Diagnostics;

namespace EtcdBackupAgent.Testing.Processes;

/// <summary>Runs a program that does one task and ends: zstd, tar, etcdctl, the agent itself.</summary>
public static class Tool
{
    /// <summary>
    /// Runs a program and waits for its end. The program gets the environment of the test host and additional
    /// variables; a null value removes a variable. The standard input is read to its end and left open.
    /// </summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">The additional variables.</param>
    /// <param name="standardInput">The standard input; null for an empty one.</param>
    /// <param name="workingDirectory">Null for that of the test host.</param>
    /// <param name="patience">The maximum duration; null for <see cref="TestDeadline.Patience"/>.</param>
    /// <param name="cancellationToken">A cancelled call kills the program.</param>
    /// <exception cref="TimeoutException">
    /// The program did not end in time and was killed; the message names it.
    /// </exception>
    public static async Task<ToolResult> RunAsync(
        string path,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        Stream? standardInput = null,
        string? workingDirectory = null,
        TimeSpan? patience = null,
        CancellationToken cancellationToken = default)
    {
        using Process process = Launch.Start(path, arguments, environment, workingDirectory);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        TimeSpan limit = patience ?? TestDeadline.Patience;
        deadline.CancelAfter(limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(deadline.Token);
            await FeedAsync(process, standardInput, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            return new ToolResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"'{Path.GetFileName(path)}' did not end within {limit.TotalSeconds:0} s.", e);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static async Task FeedAsync(Process process, Stream? standardInput, CancellationToken cancellationToken)
    {
        await using Stream input = process.StandardInput.BaseStream;
        try
        {
            if (standardInput is not null)
            {
                await standardInput.CopyToAsync(input, cancellationToken);
            }
        }
        catch (IOException)
        {
            // The program closed its input early, which is allowed: its exit code shows whether it succeeded.
        }
    }
}
