using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>Where policies, locations and secrets are read from: a directory of YAML documents, or a Kubernetes
/// API.</summary>
public interface IResourceStore
{
    /// <summary>What is read, for messages: the directory or the API server.</summary>
    string Address { get; }

    /// <summary>Reads everything afresh.</summary>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/> if the place itself cannot be
    /// read.</exception>
    Task<ResourceSet> LoadAsync(CancellationToken cancellationToken);
}

/// <summary>
/// What a resource store holds. A document with an error is not among the resources, but in <see cref="Problems"/>,
/// which lists every problem of every document: nothing is reported one at a time.
/// </summary>
public sealed record ResourceSet
{
    /// <summary>Names the state that was read: equal for two loads if nothing that was read changed between
    /// them.</summary>
    public string Version { get; init; } = "";

    public required IReadOnlyDictionary<ResourceName, BackupPolicy> Policies { get; init; }

    public required IReadOnlyDictionary<ResourceName, BackupLocation> Locations { get; init; }

    /// <summary>Secrets as bytes by key, <c>data</c> and <c>stringData</c> merged as the API server merges
    /// them.</summary>
    public required IReadOnlyDictionary<ResourceName, SecretContent> Secrets { get; init; }

    public required IReadOnlyList<ResourceProblem> Problems { get; init; }

    /// <summary>Refuses to work with resources of which some are wrong, naming every problem, errors first.</summary>
    /// <param name="address">The store's address, for the message.</param>
    /// <exception cref="BackupException"><see cref="FailureReason.InvalidInput"/> if any problem is an
    /// error.</exception>
    public void ThrowIfInvalid(string address)
    {
        int errors = Problems.Count(problem => problem.Severity == ProblemSeverity.Error);
        if (errors > 0)
        {
            IEnumerable<string> lines = Problems
                .OrderByDescending(problem => problem.Severity)
                .Select(problem => $"\n  {(problem.Severity == ProblemSeverity.Error ? "error" : "warning")}: {problem}");
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The resources of {address} have {errors} error{(errors == 1 ? "" : "s")}:{string.Concat(lines)}");
        }
    }
}

/// <summary>The keys and bytes of a Secret. It prints as its name and the names of its keys, never as its
/// bytes.</summary>
public sealed class SecretContent(ResourceName name, IReadOnlyDictionary<string, byte[]> data)
{
    public ResourceName Name { get; } = name;

    public IReadOnlyDictionary<string, byte[]> Data { get; } = data;

    public override string ToString() => $"Secret {Name} ({string.Join(", ", Data.Keys)})";
}

/// <summary>How much a problem matters: an error keeps the document from being used, a warning does not.</summary>
public enum ProblemSeverity
{
    Warning,
    Error,
}

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
