namespace EtcdBackupAgent.Core.Failures;

/// <summary>
/// The reason of a failure, at the level of detail that a reader needs in order to act. The reason alone decides the
/// exit code, the status, the event, the metric label and whether a retry is useful; <c>docs/cli.md</c> has the table.
/// </summary>
public enum FailureReason
{
    /// <summary>An unexpected error: a bug in the program.</summary>
    Unexpected = 0,

    /// <summary>The command line, an option, a file that it names, or a resource document is invalid.</summary>
    InvalidInput,

    /// <summary>The agent was asked to stop (SIGINT, SIGTERM).</summary>
    Cancelled,

    /// <summary>No etcd member could be reached: refused, name not resolved, timed out, no leader.</summary>
    EtcdUnreachable,

    /// <summary>etcd was reached, but the TLS handshake, the user or the permission was refused.</summary>
    EtcdDenied,

    /// <summary>etcd returned an error, or the server is not etcd.</summary>
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

    /// <summary>The object store does not implement the requested operation.</summary>
    StoreUnsupported,

    /// <summary>The object store failed in another way.</summary>
    StoreFailed,

    /// <summary>The requested object is not in the store.</summary>
    ObjectNotFound,

    /// <summary>There is no repository at this place; <c>init</c> creates one.</summary>
    RepositoryNotFound,

    /// <summary>A repository already exists at the place of a new one.</summary>
    RepositoryExists,

    /// <summary>The repository, or a manifest in it, has a format that this version does not support.</summary>
    RepositoryUnsupported,

    /// <summary>No snapshot has this ID.</summary>
    SnapshotNotFound,

    /// <summary>Several snapshots have an ID that starts like this.</summary>
    SnapshotAmbiguous,

    /// <summary>The snapshot does not contain a Kubernetes object of this name.</summary>
    KubernetesObjectMissing,

    /// <summary>Stored bytes are missing, or differ from the bytes that were written.</summary>
    DataDamaged,

    /// <summary>The repository is encrypted, and no key was given, or none of the given keys opens it.</summary>
    KeyRefused,

    /// <summary>The protection of the repository differs from its pin, or from its location.</summary>
    ProtectionChanged,

    /// <summary>The restore target is not empty, or cannot be written.</summary>
    TargetUnusable,

    /// <summary>The Kubernetes API cannot be reached: refused, name not resolved, timed out, TLS.</summary>
    KubernetesUnreachable,

    /// <summary>The Kubernetes API refused the token, the certificate or the permission.</summary>
    KubernetesDenied,

    /// <summary>
    /// Another client changed the object in the Kubernetes API in the meantime: read it again and retry.
    /// </summary>
    KubernetesConflict,

    /// <summary>The Kubernetes API returned another error, or the server is not a Kubernetes API.</summary>
    KubernetesFailed,

    /// <summary>
    /// The action would remove data and was not confirmed, or would remove the last complete snapshot.
    /// </summary>
    Refused,

    /// <summary>The object is locked in its bucket until a date, and cannot be removed before.</summary>
    ObjectLocked,
}
