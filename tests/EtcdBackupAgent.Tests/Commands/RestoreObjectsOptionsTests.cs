using System.CommandLine;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Commands;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Tests.Architecture;
using Xunit;

namespace EtcdBackupAgent.Tests.Commands;

/// <summary>The table of options of <c>objects restore</c> in <c>docs/cli.md</c>.</summary>
public sealed partial class RestoreObjectsOptionsTests
{
    [Fact]
    public void The_page_has_every_option_of_the_verb_and_no_other()
    {
        using LogOptions logs = new();
        Command objects = AgentCommandLine.CreateRoot(logs, new Wiring(TimeProvider.System))
            .Subcommands.Single(verb => verb.Name == "objects");
        string[] restore = OptionsOf(objects, "restore");
        string page = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "cli.md"));
        string section = page[page.IndexOf("## Restoring objects", StringComparison.Ordinal)..];
        string[] documented =
        [
            .. OptionPattern().Matches(section[..section.IndexOf("\n## ", StringComparison.Ordinal)])
                .Select(match => match.Value).Distinct(),
        ];

        Assert.Equal([], documented.Except([.. restore, "--kubernetes"]));

        // Options of all verbs that read a repository are described elsewhere on the page.
        Assert.Equal([], restore.Except(documented).Except(OptionsOf(objects, "list")));
    }

    private static string[] OptionsOf(Command objects, string verb) =>
        [.. objects.Subcommands.Single(one => one.Name == verb).Options.Select(option => option.Name)];

    [GeneratedRegex("--[a-z][a-z-]+", RegexOptions.None, 1000)]
    private static partial Regex OptionPattern();
}
