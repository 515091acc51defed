using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>Where the Secrets come from that policies and locations name: the API, or what a pod was given.</summary>
internal interface ISecretSource
{
    /// <summary>Whether a Secret may hold less than the location means it to: the passphrase may be
    /// elsewhere.</summary>
    bool IsPassphraseOptional { get; }

    /// <summary>Finds one Secret by its name; there is no listing.</summary>
    /// <exception cref="ApiStatusException">Neither the Secret nor its being absent could be told; likewise the other
    /// exceptions of <see cref="KubernetesClient"/>. That access is denied is no exception.</exception>
    Task<FoundSecret> FindAsync(ResourceName name, CancellationToken cancellationToken);
}

/// <summary>A Secret, or why there is none to read.</summary>
/// <param name="Document">The v1 Secret; null if it is absent or unreadable.</param>
/// <param name="Unreadable">Why it cannot be read; null otherwise.</param>
internal sealed record FoundSecret(JsonObject? Document, string? Unreadable = null);
