using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>One policy of a cluster and what it needs, whatever is wrong with others.</summary>
internal sealed record BoundPolicy
{
    /// <summary>The policy as it was read.</summary>
    public required PolicyObject Document { get; init; }

    /// <summary>The location that it names, as it was read; null if it names none that is there.</summary>
    public required LocationObject? LocationDocument { get; init; }

    /// <summary>The policy and its location, if they are right, with their Secrets; and every problem of them.</summary>
    public required ResourceSet Resources { get; init; }

    /// <summary>Whether it is what a pod was given long ago, because the API server did not answer now.</summary>
    public bool IsGiven { get; init; }

    public ResourceName Name => Document.FullName;

    /// <summary>Null if it, or what it names, has an error, which is among the problems.</summary>
    public BackupPolicy? Policy => Resources.Policies.GetValueOrDefault(Name);

    /// <summary>Null if it has an error or is not there.</summary>
    public BackupLocation? Location => Resources.Locations.Values.SingleOrDefault();

    /// <summary>The errors, one a line; empty if there is none.</summary>
    public string Errors => string.Join(
        '\n', Resources.Problems.Where(problem => problem.Severity == ProblemSeverity.Error));

    /// <summary>Why it cannot be used, with every error: <see cref="FailureReason.InvalidInput"/>.</summary>
    public BackupException Invalid() =>
        new(FailureReason.InvalidInput, $"{DocumentIdentity.Policy} {Name} cannot be used:\n{Errors}");
}
