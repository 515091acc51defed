using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>The two places that people read: results on standard output, all else on standard error.</summary>
internal static class Terminal
{
    /// <summary>Columns when standard output is no terminal: wide enough that a line stays a line for grep.</summary>
    private const int RedirectedWidth = 400;

    public static IAnsiConsole Output { get; } = Create(Console.Out, Console.IsOutputRedirected);

    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>Whether somebody watches: then transfers show a bar, otherwise plain lines.</summary>
    public static bool IsWatched => !Console.IsErrorRedirected;

    /// <summary>A table for people: framed on a terminal, plain columns elsewhere.</summary>
    public static Table NewTable(params string[] columns)
    {
        Table table = Console.IsOutputRedirected
            ? new Table().NoBorder()
            : new Table().Border(TableBorder.Rounded);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }

        return table;
    }

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = InteractionSupport.No,
        });
        if (redirected)
        {
            console.Profile.Width = RedirectedWidth;
        }

        return console;
    }
}
