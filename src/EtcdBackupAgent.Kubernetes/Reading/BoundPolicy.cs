using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Resources.Binding;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>One policy of a cluster and what it needs, independent of errors in others.</summary>
internal sealed record BoundPolicy
{
    /// <summary>The policy as it was read.</summary>
    public required PolicyObject Document { get; init; }

    /// <summary>The location that it names, as it was read; null if it names none, or if that does not exist.</summary>
    public required LocationObject? LocationDocument { get; init; }

    /// <summary>The policy and its location, if they are valid, with their Secrets; and all their problems.</summary>
    public required ResourceSet Resources { get; init; }

    /// <summary>Whether it is the copy that the pod was given when it was created, because the API server does not
    /// respond now.</summary>
    public bool IsPodCopy { get; init; }

    public ResourceName Name => Document.FullName;

    /// <summary>The bound policy; null if it, or an object that it names, has an error. The error is then among the
    /// problems.</summary>
    public BackupPolicy? Policy => Resources.Policies.GetValueOrDefault(Name);

    /// <summary>The bound location; null if it has an error or does not exist.</summary>
    public BackupLocation? Location => Resources.Locations.Values.SingleOrDefault();

    /// <summary>The errors, one per line; empty if there are none.</summary>
    public string Errors => string.Join(
        '\n', Resources.Problems.Where(problem => problem.Severity == ProblemSeverity.Error));

    /// <summary>Returns the exception for an invalid policy, with every error:
    /// <see cref="FailureReason.InvalidInput"/>.</summary>
    public BackupException Invalid() =>
        new(FailureReason.InvalidInput, $"{DocumentIdentity.Policy} {Name} cannot be used:\n{Errors}");
}
