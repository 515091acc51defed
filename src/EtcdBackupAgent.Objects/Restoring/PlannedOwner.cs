using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Keys;

namespace EtcdBackupAgent.Objects.Restoring;

/// <summary>An owner of an object that the cluster has, or gets in the same restore.</summary>
/// <param name="Reference">The owner reference of the snapshot, with the uid of the living owner if it is known.
/// </param>
/// <param name="Restored">The place of the owner if this restore writes it: its uid is known only then.</param>
public sealed record PlannedOwner(JsonObject Reference, StorageKey? Restored)
{
    /// <summary>Returns the reference with the uid that the owner has now.</summary>
    internal JsonObject With(string uid)
    {
        JsonObject reference = (JsonObject)Reference.DeepClone();
        reference["uid"] = uid;
        return reference;
    }
}
