using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>One selected object on its way into a cluster.</summary>
public sealed record RestoreItem
{
    /// <summary>The place in the snapshot.</summary>
    public required StorageKey Source { get; init; }

    /// <summary>The place in the cluster.</summary>
    public required StorageKey Target { get; init; }

    /// <summary>The version and the kind; null if it could not be read.</summary>
    public GroupVersionKind? Kind { get; init; }

    /// <summary>The object as it is written, without owner references; null if it is not restored.</summary>
    public JsonObject? Body { get; init; }

    /// <summary>The owner references of the snapshot.</summary>
    public IReadOnlyList<JsonObject> Owners { get; init; } = [];

    /// <summary>What needs it, if it was not selected itself.</summary>
    public string? RelatedTo { get; init; }

    /// <summary>Why it is left out on purpose; null if it is not.</summary>
    public string? LeftOut { get; init; }

    /// <summary>Why it cannot be restored; null if it can.</summary>
    public string? Problem { get; init; }

    /// <summary>What a user should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}
