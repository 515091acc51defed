namespace EtcdBackupAgent.Core.Policies;

/// <summary>One thing that is wrong in a document, said so that it can be mended without looking anything up.</summary>
public sealed record ResourceProblem
{
    public required ProblemSeverity Severity { get; init; }

    /// <summary>File and line: <c>policy.yaml:12</c>; in a cluster, which has no lines, the same as
    /// <see cref="Document"/>.</summary>
    public required string Where { get; init; }

    /// <summary>Kind and name, as far as known: <c>MetadataBackupPolicy kubedr-system/test-backup</c>.</summary>
    public required string Document { get; init; }

    /// <summary>The document's kind, if it is one that is read; null where the document could not be told
    /// apart.</summary>
    public string? Kind { get; init; }

    /// <summary>The document's name, if it has one: a policy with an error is told apart from one that is absent by
    /// it.</summary>
    public ResourceName? Name { get; init; }

    /// <summary>The path of the field: <c>spec.retainNumBackups</c>; empty for the document as a whole.</summary>
    public required string Field { get; init; }

    /// <summary>What is wrong, with the value and what is allowed.</summary>
    public required string Message { get; init; }

    public override string ToString()
    {
        string place = Where == Document ? Document : $"{Where}: {Document}";
        return Field.Length == 0 ? $"{place}: {Message}" : $"{place}: {Field}: {Message}";
    }
}

/// <summary>How much a problem matters: an error keeps the document from being used, a warning does not.</summary>
public enum ProblemSeverity
{
    Warning,
    Error,
}
