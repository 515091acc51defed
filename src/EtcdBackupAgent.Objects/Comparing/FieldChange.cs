using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>What happened to a field.</summary>
public enum FieldChangeKind
{
    /// <summary>Only the new document has it.</summary>
    Added,

    /// <summary>Only the old document has it.</summary>
    Removed,

    /// <summary>It has another value.</summary>
    Changed,

    /// <summary>
    /// A list whose items are identified by a field has them in another order. The values are the identifying fields
    /// of the items that both lists have.
    /// </summary>
    Reordered,
}

/// <summary>A field that differs.</summary>
/// <param name="Kind">What happened to it.</param>
/// <param name="Path">Its place in both documents.</param>
/// <param name="Old">The old value; null for null, and if it was added.</param>
/// <param name="New">The new value; null for null, and if it was removed.</param>
public sealed record FieldChange(FieldChangeKind Kind, FieldPath Path, JsonNode? Old, JsonNode? New);
