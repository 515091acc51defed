using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.Processes;

namespace EtcdBackupAgent.EndToEndTests.Fixtures;

/// <summary>Plays a user at a terminal who types at prompts.</summary>
internal static partial class Terminal
{
    /// <summary>The maximum duration of a command: a page of recipes has many in one.</summary>
    private static readonly TimeSpan ScriptPatience = TimeSpan.FromMinutes(4);

    /// <summary>
    /// Runs a shell command on its own terminal and types a line at each prompt.
    /// </summary>
    /// <param name="command">The command for the shell.</param>
    /// <param name="answers">The prompts to wait for and the lines to type, in order.</param>
    /// <param name="environment">Variables in addition to those of the test.</param>
    /// <param name="workingDirectory">The directory in which the command runs.</param>
    /// <returns>The exit code, and everything that the terminal showed as standard output.</returns>
    public static async Task<ToolResult> RunAsync(
        string command,
        IReadOnlyList<(string Prompt, string Line)> answers,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? workingDirectory = null)
    {
        using TestDirectory directory = new();
        string shown = directory["shown"];
        Pipe keyboard = new();
        Task<ToolResult> run = Tool.RunAsync(
            Peers.Script,
            ["-qefc", command, shown],
            Agent.Environment(environment),
            keyboard.Reader.AsStream(),
            workingDirectory,
            ScriptPatience);
        int answered = 0;
        foreach ((string prompt, string line) in answers)
        {
            await TestDeadline.UntilAsync($"the terminal to show '{prompt}'", async () =>
            {
                string text = File.Exists(shown) ? await File.ReadAllTextAsync(shown) : "";
                int at = text.IndexOf(prompt, Math.Min(answered, text.Length), StringComparison.Ordinal);
                answered = at < 0 ? answered : at + prompt.Length;
                return at >= 0 || run.IsCompleted;
            });
            await keyboard.Writer.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));
        }

        await keyboard.Writer.CompleteAsync();
        return await run;
    }

    /// <summary>Returns what a terminal showed as plain text, without colours and other codes.</summary>
    public static string WithoutCodes(string shown) =>
        Code().Replace(shown, "").Replace("\r\n", "\n", StringComparison.Ordinal);

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Code();
}
