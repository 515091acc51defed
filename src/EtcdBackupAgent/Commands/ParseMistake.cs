using System.CommandLine;
using System.CommandLine.Parsing;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Commands;

/// <summary>Turns the errors of a command line into failures, in the same form as all others.</summary>
internal static class ParseMistake
{
    /// <summary>The first error; later ones often follow from it.</summary>
    public static BackupException Of(ParseResult parsed)
    {
        Command verb = parsed.CommandResult.Command;
        string path = verb is RootCommand ? "etcd-backup-agent" : $"etcd-backup-agent {verb.Name}";
        (string message, string? question) = parsed.UnmatchedTokens is [{ } word, ..]
            ? OfWord(verb, word)
            : (OfSymbol(verb, parsed.Errors[0]), null);
        return new BackupException(FailureReason.InvalidInput, message)
        {
            Hint = $"{question}'{path} --help' shows the usage.",
        };
    }

    /// <summary>A word that is not a verb, not an option of the verb, and not an argument of the verb.</summary>
    private static (string Message, string? Question) OfWord(Command verb, string word)
    {
        if (word.StartsWith('-'))
        {
            string option = word.Split('=')[0];
            return ($"{NameOf(verb)} has no option '{option}'.", Question(option, OptionsOf(verb)));
        }

        return verb is RootCommand
            ? ($"There is no verb '{word}'.", Question(word, verb.Subcommands.Select(c => c.Name)))
            : ($"{NameOf(verb)} does not expect the argument '{word}'.", null);
    }

    /// <summary>A known option or argument that is missing, is given too often, or has an invalid value.</summary>
    private static string OfSymbol(Command verb, ParseError error) => error.SymbolResult switch
    {
        OptionResult { Tokens: [], Option: var option } => $"{option.Name} needs a value: {option.HelpName}.",
        OptionResult { IdentifierTokenCount: > 1, Option: var option } => $"{option.Name} is given more than once.",
        ArgumentResult { Tokens: [], Argument: var argument } =>
            $"{NameOf(verb)} needs {argument.Name}. {argument.Description}",
        CommandResult { Command: RootCommand } => "No verb is given.",
        _ => error.Message,
    };

    private static string NameOf(Command verb) => verb is RootCommand ? "The agent" : verb.Name;

    private static IEnumerable<string> OptionsOf(Command verb) =>
        verb.Options.Concat(verb.Parents.OfType<Command>().SelectMany(p => p.Options.Where(o => o.Recursive)))
            .Select(o => o.Name);

    private static string? Question(string written, IEnumerable<string> known) =>
        NearestName.Of(written, known) is { } nearest ? $"Did you mean '{nearest}'? " : null;
}
