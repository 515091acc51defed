using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// The content of a resource store. A document with an error is not among the resources. <see cref="Problems"/> lists
/// every problem of every document, so that all are reported at once.
/// </summary>
public sealed record ResourceSet
{
    /// <summary>
    /// Identifies the state that was read: it is equal for two loads if nothing has changed between them.
    /// </summary>
    public string Version { get; init; } = "";

    public required IReadOnlyDictionary<ResourceName, BackupPolicy> Policies { get; init; }

    public required IReadOnlyDictionary<ResourceName, BackupLocation> Locations { get; init; }

    /// <summary>
    /// The Secrets as bytes by key, with <c>data</c> and <c>stringData</c> merged as the API server merges them.
    /// </summary>
    public required IReadOnlyDictionary<ResourceName, SecretContent> Secrets { get; init; }

    public required IReadOnlyList<ResourceProblem> Problems { get; init; }

    /// <summary>Throws if any resource has an error; the message lists every problem, errors first.</summary>
    /// <param name="address">The store's address, for the message.</param>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> if any problem is an error.
    /// </exception>
    public void ThrowIfInvalid(string address)
    {
        int errors = Problems.Count(problem => problem.Severity == ProblemSeverity.Error);
        if (errors > 0)
        {
            IEnumerable<string> lines = Problems
                .OrderByDescending(problem => problem.Severity)
                .Select(problem =>
                    $"\n  {(problem.Severity == ProblemSeverity.Error ? "error" : "warning")}: {problem}");
            throw new BackupException(
                FailureReason.InvalidInput,
                $"The resources of {address} have {errors} error{(errors == 1 ? "" : "s")}:{string.Concat(lines)}");
        }
    }
}
