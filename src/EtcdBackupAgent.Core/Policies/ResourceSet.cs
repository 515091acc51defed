using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

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
