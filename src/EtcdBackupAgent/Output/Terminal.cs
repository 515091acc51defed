using System.Text;
using Spectre.Console;

namespace EtcdBackupAgent.Output;

/// <summary>The consoles of the program: results go to standard output, everything else to standard error.</summary>
internal static class Terminal
{
    /// <summary>
    /// The width at which Spectre breaks lines. It is too large to be reached: a line stays one line for grep, and a
    /// terminal wraps it without inserting line breaks into paths.
    /// </summary>
    private const int LineWidthMax = 4096;

    /// <summary>The size of the writes of long results, in bytes.</summary>
    private const int ResultBufferBytes = 1 << 16;

    public static IAnsiConsole Output { get; } = Create(Console.Out, Console.IsOutputRedirected, LineWidthMax);

    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected, LineWidthMax);

    /// <summary>Whether standard error is a terminal: transfers then show a bar, otherwise plain lines.</summary>
    public static bool IsErrorInteractive => !Console.IsErrorRedirected;

    /// <summary>The maximum width of a table, in characters; unlimited if standard output is not a terminal.</summary>
    public static int TableWidth =>
        Console.IsOutputRedirected ? LineWidthMax : Create(Console.Out, false, null).Profile.Width;

    /// <summary>
    /// Opens standard output for a long result. <see cref="Console.Out"/> would write every piece of it by itself.
    /// </summary>
    /// <returns>The caller disposes it before anything else is written to standard output.</returns>
    public static TextWriter OpenResult() =>
        new StreamWriter(
            Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), ResultBufferBytes);

    /// <summary>Creates a console for progress bars, which must know the width of the terminal.</summary>
    public static IAnsiConsole NewProgressConsole() => Create(Console.Error, Console.IsErrorRedirected, width: null);

    /// <summary>Creates a table without borders: plain columns under bold headers.</summary>
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
