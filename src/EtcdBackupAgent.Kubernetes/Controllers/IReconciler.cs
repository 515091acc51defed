using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// Brings one object of a kind, and what belongs to it, into the desired state. It uses the current state and not the
/// events that led to it: a further call that finds nothing to do writes nothing.
/// </summary>
internal interface IReconciler
{
    /// <summary>The kind of the objects that it reconciles.</summary>
    ResourceKind Kind { get; }

    /// <summary>Returns the part of an object that matters to it: a change of anything else causes no reconciliation.
    /// Null means that every change does.</summary>
    string? Fingerprint(JsonObject item);

    /// <summary>The other kinds that it depends on.</summary>
    IReadOnlyList<RelatedKind> Related { get; }

    /// <summary>The greatest number of objects that it reconciles at the same time; null for no limit of its
    /// own.</summary>
    int? WorkersMax => null;

    /// <summary>Called when the API server reports the deletion of an object, before its name is reconciled. It must
    /// return at once.</summary>
    /// <param name="last">The last state of the object.</param>
    void Deleted(JsonObject last)
    {
        // Most reconcilers use the current state only.
    }

    /// <summary>Watches what cannot be named by <see cref="Related"/>, until it is cancelled.</summary>
    /// <param name="reconcile">Called with the name of an object that is to be reconciled. It returns at once.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task WatchOthersAsync(Action<string> reconcile, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Reconciles one object, which may no longer exist.</summary>
    /// <returns>When to reconcile again although nothing changed; null: not until something changes.</returns>
    /// <exception cref="TerminalFailure">It is not retried until something changes.</exception>
    /// <exception cref="BackupException">It is retried, after longer and longer waits.</exception>
    /// <exception cref="ApiStatusException">It is retried in the same way, as after every other exception of
    /// <see cref="KubernetesClient"/>.</exception>
    Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken);
}

/// <summary>Another kind whose changes matter to a reconciler's objects.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Selection">Which objects of the kind.</param>
/// <param name="Fingerprint">Returns the part of an object that matters; null: every change matters.</param>
/// <param name="Owner">Returns the name of the object that a related object belongs to, or null if it belongs to none.
/// If this function itself is null, every known object is reconciled.</param>
internal sealed record RelatedKind(
    ResourceKind Kind,
    ResourceSelection Selection,
    Func<JsonObject, string?> Fingerprint,
    Func<JsonObject, string?>? Owner)
{
    /// <summary>Called with the owner's name for each change after the first list. The owner is then reconciled after
    /// <see cref="Delay"/>; the objects of the first list cause no reconciliation. Null: the owner is reconciled at
    /// once.</summary>
    public Action<string>? Changed { get; init; }

    /// <summary>How long to wait for further changes if <see cref="Changed"/> is set.</summary>
    public TimeSpan Delay { get; init; }
}
