using System.Text.Json;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>Reads the UID of an object: a new one is given to each object that is created.</summary>
internal static class ObjectUid
{
    /// <summary>Returns the UID; null if the object cannot be read, or has none.</summary>
    public static string? Of(StoredObject content)
    {
        if (content.Json.IsEmpty)
        {
            return null;
        }

        using JsonDocument document = content.OpenJson();
        return document.RootElement.TryGetProperty("metadata", out JsonElement metadata)
            && metadata.ValueKind == JsonValueKind.Object
            && metadata.TryGetProperty("uid", out JsonElement uid)
            && uid.ValueKind == JsonValueKind.String && uid.GetString() is { Length: > 0 } text
                ? text
                : null;
    }
}
