using System.CommandLine;
using System.Text.RegularExpressions;
using EtcdBackupAgent.Commands;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Configuration;

public sealed partial class SettingOptionsTests
{
    [Fact]
    public void Every_setting_names_options_that_exist()
    {
        using LogOptions logs = new();
        HashSet<string> options = [.. OptionsOf(AgentCommandLine.CreateRoot(logs, new Wiring(TimeProvider.System)))];

        Assert.All(Enum.GetValues<Setting>(), setting =>
        {
            MatchCollection named = OptionPattern().Matches(SettingOptions.NameOf(setting));
            Assert.NotEmpty(named);
            Assert.All(named, option => Assert.Contains(option.Value, options));
        });
    }

    private static IEnumerable<string> OptionsOf(Command command) =>
    [
        .. command.Options.Select(option => option.Name),
        .. command.Subcommands.SelectMany(OptionsOf),
    ];

    [GeneratedRegex("--[a-z0-9-]+", RegexOptions.None, 1000)]
    private static partial Regex OptionPattern();
}
