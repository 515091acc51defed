using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Output;
using Spectre.Console;

namespace EtcdBackupAgent.Commands;

/// <summary>Writes failures to standard error: the fact on one line, the hint on the next.</summary>
internal static class FailureText
{
    public static void Write(BackupException failure)
    {
        WriteLine("error", failure.Message);
        if (failure.HintFor(SettingOptions.NameOf) is { } hint)
        {
            WriteLine("hint", hint);
        }
    }

    /// <summary>
    /// Writes the problems of documents. A document with an error is not used; a document with warnings is.
    /// </summary>
    public static void Write(IEnumerable<ResourceProblem> problems)
    {
        foreach (ResourceProblem problem in problems)
        {
            string severity = problem.Severity == ProblemSeverity.Error ? "error" : "warning";
            WriteLine(severity, $"{problem}");
        }
    }

    /// <summary>Writes a fact about the result that a reader may not expect.</summary>
    public static void WriteNote(string text) => WriteLine("note", text);

    public static void WriteWarning(string text) => WriteLine("warning", text);

    /// <summary>Writes a bug, with everything that helps to find it.</summary>
    public static void WriteUnexpected(Exception failure)
    {
        WriteLine("error", $"Unexpected error: {failure.Message}");
        WriteLine("hint", "This is a bug in the agent. Please report it with the lines below.");
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
