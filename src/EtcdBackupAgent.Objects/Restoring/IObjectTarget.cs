using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>The cluster that objects are restored into. Implementations do not retry refused requests.</summary>
public interface IObjectTarget
{
    /// <summary>Reads what the cluster serves now.</summary>
    /// <exception cref="BackupException">The cluster cannot be reached, or refuses the credentials.</exception>
    Task<ServedResources> DiscoverAsync(CancellationToken cancellationToken);

    /// <summary>Returns an object as the cluster has it now; null if there is none.</summary>
    /// <exception cref="TargetRefusedException">The cluster refuses to show it.</exception>
    /// <exception cref="BackupException">The cluster cannot be reached.</exception>
    Task<JsonObject?> FindAsync(
        ServedResource resource, string? ns, string name, CancellationToken cancellationToken);

    /// <summary>Returns whether the identity has a right; null if the cluster does not answer that.</summary>
    /// <param name="verb">What is done: <c>create</c>.</param>
    /// <param name="resource">The resource.</param>
    /// <param name="ns">The namespace, which need not exist; null for objects of the whole cluster.</param>
    /// <param name="cancellationToken">A cancelled question has changed nothing.</param>
    /// <exception cref="BackupException">The cluster cannot be reached.</exception>
    Task<bool?> MayAsync(string verb, ServedResource resource, string? ns, CancellationToken cancellationToken);

    /// <summary>Writes an object, and returns it as the cluster has it then.</summary>
    /// <param name="write">What is written, and how.</param>
    /// <param name="isDryRun">Whether the cluster only checks the write: admission and validation run, and nothing is
    /// stored.</param>
    /// <param name="cancellationToken">A cancelled write may have been stored.</param>
    /// <exception cref="TargetRefusedException">The cluster refuses the write.</exception>
    /// <exception cref="BackupException">The cluster cannot be reached; the write may have been stored.</exception>
    Task<JsonObject> WriteAsync(ObjectWrite write, bool isDryRun, CancellationToken cancellationToken);
}

/// <summary>How an object is written.</summary>
public enum WriteMethod
{
    /// <summary>As a new object; it must not exist.</summary>
    Create,

    /// <summary>Server-side apply: its fields are set, and other fields of an existing object stay.</summary>
    Apply,

    /// <summary>In place of the existing object, of exactly the resource version in it.</summary>
    Replace,
}

/// <summary>One write of an object.</summary>
/// <param name="Method">How.</param>
/// <param name="Resource">Where.</param>
/// <param name="Namespace">Null for an object of the whole cluster.</param>
/// <param name="Item">The object.</param>
public sealed record ObjectWrite(WriteMethod Method, ServedResource Resource, string? Namespace, JsonObject Item);

/// <summary>Why a cluster refuses a request.</summary>
public enum TargetRefusal
{
    /// <summary>The identity lacks the right.</summary>
    RightMissing,

    /// <summary>The object is not valid: the same object is always refused.</summary>
    Invalid,

    /// <summary>An admission plugin, a policy, a webhook or a quota refuses the object as the cluster is now.</summary>
    NotAdmitted,

    /// <summary>An object of this name exists.</summary>
    Exists,

    /// <summary>The object is another one by now.</summary>
    Conflict,

    /// <summary>The namespace, or the object that is changed, does not exist.</summary>
    Missing,

    /// <summary>The resource is not served, or not yet.</summary>
    NotServed,

    /// <summary>The cluster failed: a webhook that does not respond, a timeout.</summary>
    Failed,
}

/// <summary>A cluster refuses a request. The message is the cluster's own.</summary>
public sealed class TargetRefusedException(TargetRefusal refusal, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public TargetRefusal Refusal { get; } = refusal;

    /// <summary>The right that the identity lacks, such as <c>create secrets in namespace web</c>; null if it lacks
    /// none.</summary>
    public string? MissingRight { get; init; }

    /// <summary>Returns a right in words.</summary>
    public static string RightOf(string verb, ServedResource resource, string? ns) =>
        $"{verb} {resource.Name}{(ns is null ? "" : $" in namespace {ns}")}";
}
