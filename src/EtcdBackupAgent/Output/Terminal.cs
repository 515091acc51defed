using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>The two places that people read: results on standard output, all else on standard error.</summary>
internal static class Terminal
{
    /// <summary>
    /// Columns beyond which Spectre would break a line. None is: a line stays a line for grep, and a terminal breaks it
    /// where it ends without taking a path apart.
    /// </summary>
    private const int LineWidthMax = 4096;

    public static IAnsiConsole Output { get; } = Create(Console.Out, Console.IsOutputRedirected, LineWidthMax);

    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected, LineWidthMax);

    /// <summary>Whether somebody watches: then transfers show a bar, otherwise plain lines.</summary>
    public static bool IsWatched => !Console.IsErrorRedirected;

    /// <summary>Columns a table can have; unlimited where no terminal is.</summary>
    public static int TableWidth => Console.IsOutputRedirected ? LineWidthMax : Create(Console.Out, false, null).Profile.Width;

    /// <summary>Where bars are drawn: they must know where the terminal ends.</summary>
    public static IAnsiConsole NewBars() => Create(Console.Error, Console.IsErrorRedirected, width: null);

    /// <summary>A table without frame: plain columns under a bold head.</summary>
    public static Table NewTable(params IEnumerable<string> columns)
    {
        Table table = new Table().NoBorder();
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).NoWrap());
        }

        return table;
    }

    private static IAnsiConsole Create(TextWriter writer, bool redirected, int? width)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Yes,
        });
        console.Profile.Width = width ?? console.Profile.Width;
        return console;
    }
}
