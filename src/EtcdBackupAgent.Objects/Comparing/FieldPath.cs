using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>One step from a value of a document to a value in it.</summary>
public abstract record PathStep;

/// <summary>A field of an object, or an entry of a map.</summary>
/// <param name="Name">The name.</param>
public sealed record FieldStep(string Name) : PathStep;

/// <summary>An item of a list that is identified by one of its fields.</summary>
/// <param name="Field">The field, such as <c>name</c>.</param>
/// <param name="Value">The value of the field, as JSON.</param>
public sealed record ItemStep(string Field, string Value) : PathStep;

/// <summary>An item of a list that is identified by its place, from 0.</summary>
/// <param name="Old">The place in the old list; null if the item was added.</param>
/// <param name="New">The place in the new list; null if the item was removed.</param>
public sealed record IndexStep(int? Old, int? New) : PathStep;

/// <summary>
/// The place of a value in a document. As a text: <c>spec.template.spec.containers[name="web"].args[2]</c>; names that
/// are not words are <c>data["app.conf"]</c>.
/// </summary>
public sealed partial class FieldPath
{
    private readonly PathStep[] _steps;

    private FieldPath(PathStep[] steps) => _steps = steps;

    /// <summary>The whole document.</summary>
    public static FieldPath Root { get; } = new([]);

    /// <summary>The steps from the document to the value.</summary>
    public IReadOnlyList<PathStep> Steps => _steps;

    /// <summary>Returns the path of a value in the value of this path.</summary>
    public FieldPath Then(PathStep step) => new([.. _steps, step]);

    /// <summary>Finds the value in a document.</summary>
    /// <param name="document">The document.</param>
    /// <param name="isOld">Whether it is the old one, whose lists have the old places.</param>
    /// <param name="value">The value; null also for a value that is null.</param>
    /// <returns>False if the document has no such value.</returns>
    public bool TryFind(JsonNode? document, bool isOld, out JsonNode? value)
    {
        return CountSteps(document, isOld, out value) == _steps.Length;
    }

    /// <summary>Returns the longest part of the path, from the document, that a document has.</summary>
    /// <inheritdoc cref="TryFind"/>
    public FieldPath Within(JsonNode? document, bool isOld) => new(_steps[..CountSteps(document, isOld, out _)]);

    /// <inheritdoc/>
    public override string ToString() => string.Concat(_steps.Select((step, index) => step switch
    {
        FieldStep field when Word().IsMatch(field.Name) => index == 0 ? field.Name : $".{field.Name}",
        FieldStep field => $"[{JsonValues.Text(field.Name)}]",
        ItemStep item => $"[{item.Field}={item.Value}]",
        IndexStep place => $"[{place.New ?? place.Old}]",
        _ => "",
    }));

    /// <summary>Takes as many steps as a document has, and returns how many that are.</summary>
    private int CountSteps(JsonNode? document, bool isOld, out JsonNode? value)
    {
        value = document;
        for (int i = 0; i < _steps.Length; i++)
        {
            bool exists = (_steps[i], value) switch
            {
                (FieldStep field, JsonObject fields) => fields.TryGetPropertyValue(field.Name, out value),
                (ItemStep item, JsonArray items) => (value = items.FirstOrDefault(
                    one => one is JsonObject fields && JsonValues.Text(fields[item.Field]) == item.Value)) is not null,
                (IndexStep index, JsonArray items) => TryGet(items, isOld ? index.Old : index.New, out value),
                _ => false,
            };
            if (!exists)
            {
                return i;
            }
        }

        return _steps.Length;
    }

    private static bool TryGet(JsonArray items, int? index, out JsonNode? value)
    {
        bool exists = index < items.Count;
        value = exists ? items[index!.Value] : null;
        return exists;
    }

    [GeneratedRegex(@"^[A-Za-z_][\w-]*\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Word();
}
