namespace EtcdBackupAgent.Core.Failures;

/// <summary>
/// What went wrong, as far as anybody has to act on it. The reason alone decides the exit code, the status, the event,
/// the metric label and whether a retry makes sense; see <c>docs/cli.md</c> for the table.
/// </summary>
public enum FailureReason
{
    /// <summary>A bug: nothing in the program expected this.</summary>
    Unexpected = 0,

    /// <summary>The command line, an option, a file it names or a resource document is wrong.</summary>
    InvalidInput,

    /// <summary>The agent was asked to stop (SIGINT, SIGTERM).</summary>
    Cancelled,

    /// <summary>No etcd member could be reached: refused, name not resolved, timed out, no leader.</summary>
    EtcdUnreachable,

    /// <summary>etcd was reached but the TLS handshake, the user or the permission was refused.</summary>
    EtcdDenied,

    /// <summary>etcd answered with an error, or with something that is not etcd.</summary>
    EtcdFailed,

    /// <summary>The snapshot stream broke, stalled, or did not match its own length or SHA-256.</summary>
    SnapshotBroken,

    /// <summary>The certificates directory, or a file in it, cannot be read.</summary>
    CertificatesUnreadable,

    /// <summary>The object store cannot be reached: refused, name not resolved, timed out, TLS.</summary>
    StoreUnreachable,

    /// <summary>The object store refused the credentials or the permission.</summary>
    StoreDenied,

    /// <summary>The disk or the quota of the object store is full.</summary>
    StoreFull,

    /// <summary>The object store does not implement what was asked of it.</summary>
    StoreUnsupported,

    /// <summary>The object store failed in another way.</summary>
    StoreFailed,

    /// <summary>The object that was asked for is not in the store.</summary>
    ObjectNotFound,

    /// <summary>There is no repository at this place; <c>init</c> makes one.</summary>
    RepositoryNotFound,

    /// <summary>There is a repository already, where a new one was to be made.</summary>
    RepositoryExists,

    /// <summary>The repository, or a manifest in it, has a format this version does not know.</summary>
    RepositoryUnsupported,

    /// <summary>No snapshot has this ID.</summary>
    SnapshotNotFound,

    /// <summary>Several snapshots have an ID that starts like this.</summary>
    SnapshotAmbiguous,

    /// <summary>Stored bytes are missing or are not the bytes that were written.</summary>
    DataDamaged,

    /// <summary>The repository is encrypted, and no key was given, or none that fits.</summary>
    KeyRefused,

    /// <summary>The repository is not protected as it was when it was pinned, or as its location says.</summary>
    ProtectionChanged,

    /// <summary>The place to restore to is not empty, or cannot be written.</summary>
    TargetUnusable,

    /// <summary>The Kubernetes API cannot be reached: refused, name not resolved, timed out, TLS.</summary>
    KubernetesUnreachable,

    /// <summary>The Kubernetes API refused the token, the certificate or the permission.</summary>
    KubernetesDenied,

    /// <summary>Somebody else changed the object in the Kubernetes API meanwhile: read it again, and try again.</summary>
    KubernetesConflict,

    /// <summary>The Kubernetes API answered with another error, or with something that is not a Kubernetes API's.</summary>
    KubernetesFailed,

    /// <summary>The action would remove data and was not confirmed, or would remove the last complete snapshot.</summary>
    Refused,
}
