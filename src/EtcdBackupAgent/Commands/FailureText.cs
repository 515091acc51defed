using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary>How a failure looks on standard error: the fact on one line, what to do about it on the next.</summary>
internal static class FailureText
{
    public static void Write(BackupException failure)
    {
        WriteLine("error", failure.Message);
        if (failure.Hint is not null)
        {
            WriteLine("hint", failure.Hint);
        }
    }

    /// <summary>What is wrong in documents: errors keep a document from being used, warnings do not.</summary>
    public static void Write(IEnumerable<ResourceProblem> problems)
    {
        foreach (ResourceProblem problem in problems)
        {
            string severity = problem.Severity == ProblemSeverity.Error ? "error" : "warning";
            WriteLine(severity, $"{problem}");
        }
    }

    public static void WriteWarning(string text) => WriteLine("warning", text);

    /// <summary>A bug: everything that helps to find it is shown.</summary>
    public static void WriteUnexpected(Exception failure)
    {
        WriteLine("error", $"The agent came upon something it did not expect: {failure.Message}");
        WriteLine("hint", "This is a fault of the program. Please report it with the lines below.");
        Console.Error.WriteLine(failure);
    }

    private static void WriteLine(string severity, string text)
    {
        Color color = severity switch
        {
            "error" => Color.Red,
            "warning" => Color.Yellow,
            _ => Color.Blue,
        };
        Terminal.Error.Write($"{severity}:", new Style(color));
        Terminal.Error.WriteLine($" {text}");
    }
}
