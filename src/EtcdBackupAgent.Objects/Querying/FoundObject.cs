using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Objects.Querying;

/// <summary>An object in a snapshot.</summary>
/// <param name="Place">Its resource, namespace and name.</param>
/// <param name="Content">Its content, or why it cannot be read.</param>
/// <param name="ModRevision">The revision of its last change.</param>
/// <param name="CreateRevision">The revision at which its key was created.</param>
public sealed record FoundObject(StorageKey Place, StoredObject Content, long ModRevision, long CreateRevision);
