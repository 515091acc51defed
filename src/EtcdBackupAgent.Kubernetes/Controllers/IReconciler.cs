using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// Brings one object of a kind, and what belongs to it, into the state that it asks for. It goes by what is there, not by
/// what happened: called once more, and with nothing to do, it writes nothing.
/// </summary>
internal interface IReconciler
{
    /// <summary>The kind whose names it is given.</summary>
    ResourceKind Kind { get; }

    /// <summary>What of an object matters to it: a change of anything else calls for nothing. Null looks at every
    /// change.</summary>
    string? Fingerprint(JsonObject item);

    /// <summary>The other kinds that it depends on.</summary>
    IReadOnlyList<RelatedKind> Related { get; }

    /// <summary>How many objects it may be given at the same time at most; null: as many as the controller likes.</summary>
    int? WorkersMax => null;

    /// <summary>Called when the API server reports the deletion of an object, before its name is looked at. Returns at
    /// once.</summary>
    /// <param name="last">The object as it was last.</param>
    void Deleted(JsonObject last)
    {
        // Most go by what is there.
    }

    /// <summary>Looks at one object, which may be gone, and makes what steps are due.</summary>
    /// <returns>When to look again though nothing changed; null: not before something does.</returns>
    /// <exception cref="TerminalFailure">It is not tried again before something changes.</exception>
    /// <exception cref="BackupException">It will be tried again, after longer and longer waits.</exception>
    /// <exception cref="ApiStatusException">The same, as for all that <see cref="KubernetesClient"/> throws.</exception>
    Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken);
}

/// <summary>Another kind whose changes matter to a reconciler's objects.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Selection">Which of them.</param>
/// <param name="Fingerprint">What of one matters; null: every change.</param>
/// <param name="Owner">The name of the object that one belongs to, null if it belongs to none; or null for all: then every
/// object that is known is looked at.</param>
internal sealed record RelatedKind(
    ResourceKind Kind,
    ResourceSelection Selection,
    Func<JsonObject, string?> Fingerprint,
    Func<JsonObject, string?>? Owner)
{
    /// <summary>Called with the owner's name for each change after the first list. The owner is then looked at after
    /// <see cref="Delay"/>, and not at all for what is in the first list. Null: the owner is looked at at
    /// once.</summary>
    public Action<string>? Changed { get; init; }

    /// <summary>How long to wait for further changes, where <see cref="Changed"/> is set.</summary>
    public TimeSpan Delay { get; init; }
}
