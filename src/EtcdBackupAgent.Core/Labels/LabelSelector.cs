using System.Text.RegularExpressions;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Labels;

/// <summary>
/// A selector of labels in kubectl's form: <c>app=shop,tier!=cache,env in (a, b),!legacy</c>. All requirements must
/// hold. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
/// </summary>
public sealed partial class LabelSelector
{
    private readonly IReadOnlyList<Requirement> _requirements;

    private LabelSelector(IReadOnlyList<Requirement> requirements) => _requirements = requirements;

    private enum Operation
    {
        In,
        NotIn,
        Exists,
        Missing,
    }

    /// <summary>Reads a selector.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static LabelSelector Parse(string text)
    {
        List<Requirement> requirements = [];
        int at = 0;
        while (at < text.Length)
        {
            Match match = Part().Match(text, at);
            if (!match.Success || match.Length == 0)
            {
                throw Invalid(text);
            }

            requirements.Add(RequirementOf(match));
            at += match.Length;
            if (at == text.Length && text[at - 1] == ',')
            {
                throw Invalid(text);
            }
        }

        return new LabelSelector(requirements);
    }

    /// <summary>Whether labels meet all requirements.</summary>
    /// <param name="valueOf">Returns the value of a label; null if there is none of this name.</param>
    public bool Matches(Func<string, string?> valueOf)
    {
        foreach (Requirement requirement in _requirements)
        {
            string? value = valueOf(requirement.Label);
            bool holds = requirement.Operation switch
            {
                Operation.In => value is not null && requirement.Values.Contains(value),
                Operation.NotIn => value is null || !requirement.Values.Contains(value),
                Operation.Exists => value is not null,
                _ => value is null,
            };
            if (!holds)
            {
                return false;
            }
        }

        return true;
    }

    private static Requirement RequirementOf(Match match)
    {
        string label = match.Groups["label"].Value;
        string operation = match.Groups["operation"].Value;
        return match.Groups["not"].Success ? new Requirement(label, Operation.Missing, [])
            : operation.Length == 0 ? new Requirement(label, Operation.Exists, [])
            : operation is "in" or "notin"
            ? new Requirement(
                label,
                operation == "in" ? Operation.In : Operation.NotIn,
                [.. match.Groups["values"].Value.Split(',').Select(value => value.Trim())])
            : new Requirement(
                label, operation == "!=" ? Operation.NotIn : Operation.In, [match.Groups["value"].Value]);
    }

    private static BackupException Invalid(string text) => new(
        FailureReason.InvalidInput, $"'{text}' is not a selector of labels.")
    {
        Hint = "Write it as for kubectl: app=shop,tier!=cache or 'env in (a, b),!legacy'.",
    };

    [GeneratedRegex(
        @"\G\s*(?:(?<not>!)\s*(?<label>[\w./-]+)|(?<label>[\w./-]+)\s*"
        + @"(?:(?<operation>==|=|!=)\s*(?<value>[\w.-]*)|(?<operation>notin|in)\s*\((?<values>[\w.,\s-]*)\))?)"
        + @"\s*(?:,|\z)",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Part();

    private sealed record Requirement(string Label, Operation Operation, HashSet<string> Values);
}
