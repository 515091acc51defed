using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Objects.Selecting;

/// <summary>
/// A selector of <c>metadata.name</c> and <c>metadata.namespace</c> in kubectl's form: <c>metadata.name!=a</c>. An API
/// server knows more fields for some kinds; these two it knows for all.
/// </summary>
public sealed class FieldSelector
{
    private readonly IReadOnlyList<(bool IsName, bool IsEqual, string Value)> _requirements;

    private FieldSelector(IReadOnlyList<(bool IsName, bool IsEqual, string Value)> requirements) =>
        _requirements = requirements;

    /// <summary>Reads a selector.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/>.</exception>
    public static FieldSelector Parse(string text) => new([.. text.Split(',').Select(part => ParsePart(text, part))]);

    /// <summary>Whether an object meets all requirements.</summary>
    public bool Matches(string? ns, string name) => _requirements.All(
        requirement => ((requirement.IsName ? name : ns ?? "") == requirement.Value) == requirement.IsEqual);

    private static (bool IsName, bool IsEqual, string Value) ParsePart(string text, string part)
    {
        int at = part.IndexOf('=', StringComparison.Ordinal);
        if (at < 1)
        {
            throw Invalid(text);
        }

        bool isEqual = part[at - 1] != '!';
        string field = (isEqual ? part[..at] : part[..(at - 1)]).Trim();
        return field is "metadata.name" or "metadata.namespace"
            ? (field == "metadata.name", isEqual, part[(at + 1)..].TrimStart('=').Trim())
            : throw Invalid(text);
    }

    private static BackupException Invalid(string text) => new(
        FailureReason.InvalidInput, $"'{text}' is not a selector of metadata.name or metadata.namespace.")
    {
        Hint = "Write it as for kubectl: metadata.name=shop or metadata.namespace!=kube-system. Other fields are "
            + "selected with the output: '-o json' and a tool such as jq.",
    };
}
