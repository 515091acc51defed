using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>Adds the problems of one document to the list of all problems. Kind and name are set when they become
/// known.</summary>
internal sealed class ResourceProblems(List<ResourceProblem> all, string description)
{
    /// <summary>The greatest number of characters of a value that a message repeats.</summary>
    private const int QuotedLengthMax = 80;

    public string Description { get; set; } = description;

    public string? Kind { get; set; }

    public ResourceName? Name { get; set; }

    public bool HasErrors { get; private set; }

    public void Error(string where, string field, string message)
    {
        HasErrors = true;
        Add(ProblemSeverity.Error, where, field, message);
    }

    public void Warning(string where, string field, string message) =>
        Add(ProblemSeverity.Warning, where, field, message);

    /// <summary>Returns a value in quotes, cut if it is long, with control characters escaped as in C. Not for secrets,
    /// and not for a URL that may contain one.</summary>
    public static string Quote(string value)
    {
        string cut = value.Length <= QuotedLengthMax ? value : $"{value[..QuotedLengthMax]}…";
        return $"'{string.Concat(cut.Select(Escape))}'";
    }

    private static string Escape(char character) => character switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ when char.IsControl(character) => $"\\u{(int)character:x4}",
        _ => character.ToString(),
    };

    private void Add(ProblemSeverity severity, string where, string field, string message) =>
        all.Add(
            new ResourceProblem
            {
                Severity = severity,
                Where = where,
                Document = Description,
                Kind = Kind,
                Name = Name,
                Field = field,
                Message = message,
            });
}
