using EtcdBackupAgent.Core.Policies;

namespace EtcdBackupAgent.Resources.Binding;

/// <summary>The problems of one document on their way into the list of all. Kind and name are filled in as they become
/// known.</summary>
internal sealed class ResourceProblems(List<ResourceProblem> all, string description)
{
    /// <summary>Characters of a value that a message repeats.</summary>
    private const int ShownLengthMax = 80;

    public string Description { get; set; } = description;

    public string? Kind { get; set; }

    public ResourceName? Name { get; set; }

    public bool HasErrors { get; private set; }

    public void Error(string where, string field, string message)
    {
        HasErrors = true;
        Add(ProblemSeverity.Error, where, field, message);
    }

    public void Warning(string where, string field, string message) => Add(ProblemSeverity.Warning, where, field, message);

    /// <summary>A value in quotes, cut if long, with control characters as they are written in C. Not for secrets, and
    /// not for a URL that may hold one.</summary>
    public static string Show(string value)
    {
        string cut = value.Length <= ShownLengthMax ? value : $"{value[..ShownLengthMax]}…";
        return $"'{string.Concat(cut.Select(Shown))}'";
    }

    private static string Shown(char character) => character switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        _ when char.IsControl(character) => $"\\u{(int)character:x4}",
        _ => character.ToString(),
    };

    private void Add(ProblemSeverity severity, string where, string field, string message) => all.Add(new ResourceProblem
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
