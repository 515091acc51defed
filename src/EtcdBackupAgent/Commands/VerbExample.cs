using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EtcdBackupAgent.Commands;

/// <summary>Shows an example of every verb at the end of its <c>--help</c>.</summary>
internal static class VerbExample
{
    private static readonly Dictionary<Command, string> Examples = [];

    /// <summary>Sets the example of a verb: one command, or several, each on a line of its own.</summary>
    public static Command WithExample(this Command verb, string example)
    {
        Examples[verb] = example;
        return verb;
    }

    /// <summary>Adds the examples to the help of every verb below <paramref name="root"/>.</summary>
    public static void ShowInHelp(RootCommand root)
    {
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExample((HelpAction)help.Action!);
    }

    private sealed class HelpWithExample(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int result = help.Invoke(parseResult);
            if (Examples.TryGetValue(parseResult.CommandResult.Command, out string? example))
            {
                TextWriter output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Example:");
                foreach (string line in example.Split('\n'))
                {
                    output.WriteLine($"  {line}");
                }

                output.WriteLine();
            }

            return result;
        }
    }
}
