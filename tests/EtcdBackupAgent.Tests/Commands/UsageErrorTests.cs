using System.CommandLine;
using EtcdBackupAgent.Commands;
using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Core.Failures;
using Xunit;

namespace EtcdBackupAgent.Tests.Commands;

public sealed class UsageErrorTests
{
    public static TheoryData<string> Verbs
    {
        get
        {
            using LogOptions logs = new();
            return new TheoryData<string>(
                AgentCommandLine.CreateRoot(logs, new Wiring(TimeProvider.System)).Subcommands.Select(verb => verb.Name)
            );
        }
    }

    [Theory]
    [InlineData("bakup", "There is no verb 'bakup'.", "backup", "etcd-backup-agent")]
    [InlineData("list --repositry x", "list has no option '--repositry'.", "--repository", "etcd-backup-agent list")]
    [InlineData("run --resource=x", "run has no option '--resource'.", "--resources", "etcd-backup-agent run")]
    [InlineData(
        "list --log-levl debug", "list has no option '--log-levl'.",
        "--log-level", "etcd-backup-agent list")]
    [InlineData("--log-level debug", "No verb is given.", "", "etcd-backup-agent")]
    [InlineData("show a b", "show does not expect the argument 'b'.", "", "etcd-backup-agent show")]
    [InlineData(
        "show",
        "show needs ID. The snapshot: its ID, its beginning, its name, or 'latest' for the newest complete one.",
        "", "etcd-backup-agent show")]
    [InlineData("list --repository", "--repository needs a value: URL.", "", "etcd-backup-agent list")]
    [InlineData("list -r a -r b", "--repository is given more than once.", "", "etcd-backup-agent list")]
    [InlineData("backup --retain x", "--retain 'x' is not a number.", "", "etcd-backup-agent backup")]
    [InlineData(
        "backup --retain 0", "--retain 0 is not valid: it must be at least 1.",
        "", "etcd-backup-agent backup")]
    [InlineData(
        "list -o jsn", "--output 'jsn' is not valid: allowed are table, json, yaml.",
        "", "etcd-backup-agent list")]
    [InlineData(
        "list -o 7", "--output '7' is not valid: allowed are table, json, yaml.",
        "", "etcd-backup-agent list")]
    public void The_first_error_is_reported_with_a_suggestion(
        string arguments, string error, string suggestion, string help)
    {
        using LogOptions logs = new();
        ParseResult parsed =
            AgentCommandLine.CreateRoot(logs, new Wiring(TimeProvider.System)).Parse(arguments.Split(' '));

        BackupException usageError = UsageError.Of(parsed);

        Assert.Equal(error, usageError.Message);
        string expectedStart = suggestion.Length > 0 ? $"Did you mean '{suggestion}'? " : "";
        Assert.Equal($"{expectedStart}'{help} --help' shows the usage.", usageError.Hint);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void The_help_of_every_verb_has_an_example(string verb)
    {
        using LogOptions logs = new();
        using StringWriter help = new();
        int exitCode = AgentCommandLine.CreateRoot(logs, new Wiring(TimeProvider.System)).Parse([verb, "--help"])
            .Invoke(new InvocationConfiguration { Output = help });

        Assert.Equal(0, exitCode);
        Assert.Contains($"Example:\n  etcd-backup-agent {verb}", help.ToString(), StringComparison.Ordinal);
    }
}
