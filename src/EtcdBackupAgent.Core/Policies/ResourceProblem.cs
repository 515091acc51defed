namespace EtcdBackupAgent.Core.Policies;

/// <summary>One fault in a document, described so that the user can correct it without further research.</summary>
public sealed record ResourceProblem
{
    public required ProblemSeverity Severity { get; init; }

    /// <summary>
    /// File and line: <c>policy.yaml:12</c>. In a cluster, which has no lines, the same as <see cref="Document"/>.
    /// </summary>
    public required string Where { get; init; }

    /// <summary>
    /// Kind and name, as far as they are known: <c>MetadataBackupPolicy kubedr-system/test-backup</c>.
    /// </summary>
    public required string Document { get; init; }

    /// <summary>The document's kind, if it is a known one; null if the kind cannot be determined.</summary>
    public string? Kind { get; init; }

    /// <summary>
    /// The document's name, if it has one. It distinguishes a policy with an error from one that does not exist.
    /// </summary>
    public ResourceName? Name { get; init; }

    /// <summary>The path of the field: <c>spec.retainNumBackups</c>; empty for the document as a whole.</summary>
    public required string Field { get; init; }

    /// <summary>The fault, with the value and the allowed values.</summary>
    public required string Message { get; init; }

    public override string ToString()
    {
        string place = Where == Document ? Document : $"{Where}: {Document}";
        return Field.Length == 0 ? $"{place}: {Message}" : $"{place}: {Field}: {Message}";
    }
}

/// <summary>The severity of a problem: a document with an error is not used; a warning has no such effect.</summary>
public enum ProblemSeverity
{
    Warning,
    Error,
}
