using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;

namespace EtcdBackupAgent.Kubernetes.Reading;

/// <summary>The source of the Secrets that policies and locations name: the API, or the variables and files of a
/// pod.</summary>
internal interface ISecretSource
{
    /// <summary>Whether a Secret may lack the passphrase that the location expects in it: the passphrase may be
    /// elsewhere.</summary>
    bool IsPassphraseOptional { get; }

    /// <summary>Finds one Secret by its name; Secrets are never listed.</summary>
    /// <exception cref="ApiStatusException">It could not be determined whether the Secret exists; likewise the other
    /// exceptions of <see cref="KubernetesClient"/>. A denied access throws no exception.</exception>
    Task<FoundSecret> FindAsync(ResourceName name, CancellationToken cancellationToken);
}

/// <summary>A Secret, or the reason why it cannot be read.</summary>
/// <param name="Document">The v1 Secret; null if it is absent or unreadable.</param>
/// <param name="Unreadable">Why it cannot be read; null otherwise.</param>
internal sealed record FoundSecret(JsonObject? Document, string? Unreadable = null);
