using System.CommandLine;
using System.CommandLine.Parsing;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Commands;

/// <summary>Turns the errors of a command line into failures, in the same form as all others.</summary>
internal static class UsageError
{
    /// <summary>The first error; later ones often follow from it.</summary>
    public static BackupException Of(ParseResult parsed)
    {
        Command verb = parsed.CommandResult.Command;
        string path = verb is RootCommand ? "etcd-backup-agent" : $"etcd-backup-agent {verb.Name}";
        (string message, string? suggestion) = parsed.UnmatchedTokens is [{ } token, ..]
            ? OfUnmatchedToken(verb, token)
            : (OfSymbol(verb, parsed.Errors[0]), null);
        return new BackupException(FailureReason.InvalidInput, message)
        {
            Hint = $"{suggestion}'{path} --help' shows the usage.",
        };
    }

    /// <summary>A word that is not a verb, not an option of the verb, and not an argument of the verb.</summary>
    private static (string Message, string? Suggestion) OfUnmatchedToken(Command verb, string token)
    {
        if (token.StartsWith('-'))
        {
            string option = token.Split('=')[0];
            return ($"{NameOf(verb)} has no option '{option}'.", Suggestion(option, OptionsOf(verb)));
        }

        return verb is RootCommand
            ? ($"There is no verb '{token}'.", Suggestion(token, verb.Subcommands.Select(c => c.Name)))
            : ($"{NameOf(verb)} does not expect the argument '{token}'.", null);
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

    private static string? Suggestion(string typed, IEnumerable<string> known) =>
        NearestName.Of(typed, known) is { } nearest ? $"Did you mean '{nearest}'? " : null;
}
