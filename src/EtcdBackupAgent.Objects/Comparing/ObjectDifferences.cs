using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Decoding;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Masking;
using EtcdBackupAgent.Objects.Reading;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>
/// Compares two states of one object in clear, without noise. What is returned has no value of a Secret in it, unless
/// they are shown.
/// </summary>
/// <param name="noise">Is left out.</param>
/// <param name="showSecrets">Whether the values of Secrets are shown.</param>
public sealed class ObjectDifferences(Noise noise, bool showSecrets)
{
    /// <summary>Returns the fields that differ.</summary>
    /// <param name="old">The old state, in clear.</param>
    /// <param name="new">The new state, in clear.</param>
    /// <param name="problem">Why there are more differences than these; null if there are not.</param>
    public IReadOnlyList<FieldChange> Between(StoredObject old, StoredObject @new, out string? problem)
    {
        problem = ProblemOf(old, @new);
        if (old.Json.IsEmpty || @new.Json.IsEmpty)
        {
            return [];
        }

        JsonNode? oldDocument = DocumentOf(old);
        JsonNode? newDocument = DocumentOf(@new);
        IReadOnlyList<FieldChange> changes = FieldDifferences.Between(oldDocument, newDocument);
        return showSecrets || changes.Count == 0 ? changes : Mask(changes, old, @new, oldDocument, newDocument);
    }

    private static string? ProblemOf(StoredObject old, StoredObject @new)
    {
        if ((old.Problem ?? @new.Problem) is { } problem)
        {
            return problem;
        }

        return old.UnknownFields.Select(Text).SequenceEqual(@new.UnknownFields.Select(Text), StringComparer.Ordinal)
            ? null
            : "fields of a newer version of Kubernetes";

        static string Text(UnknownField field) =>
            $"{field.Message} {field.Number} {Convert.ToHexString(field.Encoded.Span)}";
    }

    private JsonNode? DocumentOf(StoredObject content)
    {
        JsonNode? document = PrintedJson.Node(content.Json.Span);
        if (document is JsonObject fields)
        {
            noise.RemoveFrom(fields);
        }

        return document;
    }

    /// <summary>
    /// Takes the values from masked copies of both documents. What such a copy does not have was masked with all that
    /// is in it.
    /// </summary>
    private static IReadOnlyList<FieldChange> Mask(
        IReadOnlyList<FieldChange> changes,
        StoredObject old,
        StoredObject @new,
        JsonNode? oldDocument,
        JsonNode? newDocument)
    {
        if (!IsMasked(old) && !IsMasked(@new))
        {
            return changes;
        }

        foreach (JsonObject document in new[] { oldDocument, newDocument }.OfType<JsonObject>())
        {
            SecretMask.Apply(document);
        }

        return [.. changes.Select(change => Mask(change, oldDocument, newDocument)).DistinctBy(
            change => (change.Kind, change.Path.ToString()))];
    }

    private static FieldChange Mask(FieldChange change, JsonNode? old, JsonNode? @new)
    {
        bool isOld = change.Kind != FieldChangeKind.Added;
        bool isNew = change.Kind != FieldChangeKind.Removed;
        FieldPath path = isOld ? change.Path.Within(old, isOld: true) : change.Path;
        path = isNew ? path.Within(@new, isOld: false) : path;
        if (path.Steps.Count == change.Path.Steps.Count)
        {
            return change.Kind == FieldChangeKind.Reordered && IsWhole(old, @new, path)
                ? change
                : change with
                {
                    Old = isOld ? Value(old, path, isOld: true) : null,
                    New = isNew ? Value(@new, path, isOld: false) : null,
                };
        }

        // The path itself may have values in it.
        return new FieldChange(
            FieldChangeKind.Changed, path, Value(old, path, isOld: true), Value(@new, path, isOld: false));
    }

    /// <summary>Whether the lists are still there.</summary>
    private static bool IsWhole(JsonNode? old, JsonNode? @new, FieldPath path) =>
        Value(old, path, isOld: true) is JsonArray && Value(@new, path, isOld: false) is JsonArray;

    private static JsonNode? Value(JsonNode? document, FieldPath path, bool isOld) =>
        path.TryFind(document, isOld, out JsonNode? value) ? value : JsonValue.Create(SecretMask.Mask);

    private static bool IsMasked(StoredObject content) => content.Kind is { } kind && SecretMask.Covers(kind);
}
