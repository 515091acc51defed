using System.CommandLine;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Labels;
using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Commands;

/// <summary>The options of a backup of objects through an API server.</summary>
internal sealed class ObjectsOptions
{
    private readonly Option<PolicySource> _source = new Option<PolicySource>("--source")
    {
        Description = "What to back up: etcd, or the objects that an API server lists (default: etcd).",
        HelpName = "WHAT",
    }.OneOf(PolicySource.Etcd, PolicySource.Objects);

    private readonly Option<string[]> _resources = Repeatable("--include-resources", "only these kinds.");

    private readonly Option<string[]> _namespaces = Repeatable(
        "--include-namespaces", "only these namespaces; with * and ?.");

    private readonly Option<string?> _labels = new("--selector", "-l")
    {
        Description = "With --source objects: only objects with these labels.",
        HelpName = "SELECTOR",
    };

    private Option[] Selection => [_resources, _namespaces, _labels];

    public void AddTo(Command verb)
    {
        verb.Add(_source);
        foreach (Option option in Selection)
        {
            verb.Add(option);
        }
    }

    /// <summary>The first of these options that is given; null if none is.</summary>
    public string? FirstGiven(ParseResult parsed) =>
        Selection.Prepend(_source).FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false })?.Name;

    /// <summary>Returns what is selected; null if etcd is backed up.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public PolicyObjects? Read(ParseResult parsed)
    {
        if (parsed.GetValue(_source) == PolicySource.Objects)
        {
            PolicyObjects objects = new()
            {
                Resources = Texts(parsed, _resources),
                Namespaces = Texts(parsed, _namespaces),
                LabelSelector = parsed.GetValue(_labels),
            };
            _ = objects.LabelSelector is { } selector ? LabelSelector.Parse(selector) : null;
            return objects;
        }

        return Selection.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } option
            ? throw new BackupException(FailureReason.InvalidInput, $"{option.Name} needs --source objects.")
            : null;
    }

    private static Option<string[]> Repeatable(string name, string description) => new(name)
    {
        Description = $"With --source objects: {description} Can be repeated.",
        HelpName = "NAMES",
    };

    private static string[] Texts(ParseResult parsed, Option<string[]> option) =>
        [.. (parsed.GetValue(option) ?? []).SelectMany(text => text.Split(',')).Select(text => text.Trim())];
}
