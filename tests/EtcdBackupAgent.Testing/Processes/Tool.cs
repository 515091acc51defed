using System.Diagnostics;

namespace EtcdBackupAgent.Testing.Processes;

/// <summary>Runs a program that does one thing and ends: zstd, tar, etcdctl, the agent itself.</summary>
public static class Tool
{
    /// <summary>
    /// Runs a program to its end, with an environment added to the test's own (null as a value takes a variable away)
    /// and a standard input that is read to its end and left open.
    /// </summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">What is added to the environment.</param>
    /// <param name="standardInput">What it reads; null for nothing.</param>
    /// <param name="workingDirectory">Null for the test's own.</param>
    /// <param name="patience">How long it may take; null for <see cref="TestDeadline.Patience"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="TimeoutException">It did not end in time, and was ended; the message names it.</exception>
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
            // It closed its input before the end, as a program may that has seen enough: its exit code tells.
        }
    }
}
