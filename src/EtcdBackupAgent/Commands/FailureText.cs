using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Commands;

/// <summary>How a failure looks on standard error: the fact on one line, what to do about it on the next.</summary>
internal static class FailureText
{
    public static void Write(BackupException failure)
    {
        Console.Error.WriteLine($"error: {failure.Message}");
        if (failure.Hint is not null)
        {
            Console.Error.WriteLine($"hint: {failure.Hint}");
        }
    }

    /// <summary>What is wrong in documents: errors keep a document from being used, warnings do not.</summary>
    public static void Write(IEnumerable<ResourceProblem> problems)
    {
        foreach (ResourceProblem problem in problems)
        {
            string severity = problem.Severity == ProblemSeverity.Error ? "error" : "warning";
            Console.Error.WriteLine($"{severity}: {problem}");
        }
    }

    public static void WriteWarning(string text) => Console.Error.WriteLine($"warning: {text}");

    /// <summary>A bug: everything that helps to find it is shown.</summary>
    public static void WriteUnexpected(Exception failure)
    {
        Console.Error.WriteLine($"error: The agent came upon something it did not expect: {failure.Message}");
        Console.Error.WriteLine("hint: This is a fault of the program. Please report it with the lines below.");
        Console.Error.WriteLine(failure);
    }
}
