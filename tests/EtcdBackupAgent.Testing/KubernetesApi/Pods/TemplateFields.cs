using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>A pod template has a field that <see cref="PodRunner"/> does not support or that no pod may have.</summary>
public sealed class PodTemplateException(string message) : Exception(message);

/// <summary>
/// Reads the fields of a part of a pod template, and at the end rejects the fields that were not read. So a new field
/// cannot stay untested.
/// </summary>
internal sealed class TemplateFields(JsonObject node, string path)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public string Path => path;

    public string? Text(string name) => Value(name)?.GetValue<string>();

    public string Required(string name) => Text(name) ?? throw Invalid(name, "is missing");

    public bool Flag(string name, bool defaultValue = false) =>
        Value(name)?.GetValue<bool>() ?? defaultValue;

    public long? Number(string name) => Value(name)?.GetValue<long>();

    public IReadOnlyList<string> Texts(string name) =>
        [.. (Value(name) as JsonArray ?? []).Select(text => text!.GetValue<string>())];

    public IReadOnlyList<long> Numbers(string name) =>
        [.. (Value(name) as JsonArray ?? []).Select(number => number!.GetValue<long>())];

    public IReadOnlyDictionary<string, string> Map(string name) =>
        (Value(name) as JsonObject ?? []).ToDictionary(
            pair => pair.Key, pair => pair.Value!.GetValue<string>(), StringComparer.Ordinal);

    public TemplateFields? Part(string name) =>
        Value(name) is JsonObject part ? new TemplateFields(part, $"{path}.{name}") : null;

    public IReadOnlyList<TemplateFields> Parts(string name) =>
        [
            .. (Value(name) as JsonArray ?? []).Select(
                (part, i) => new TemplateFields((JsonObject)part!, $"{path}.{name}[{i}]")),
        ];

    /// <summary>Requires that a field has one of these values; null allows that it is absent.</summary>
    public void Only(string name, params ReadOnlySpan<string?> values)
    {
        string? value = Value(name) is { } given ? given.ToString() : null;
        if (!values.Contains(value))
        {
            throw Invalid(name, $"is {value ?? "absent"}, expected {string.Join(" or ", values.ToArray())}");
        }
    }

    /// <summary>
    /// Returns the only unread key of a mapping whose key names its kind, such as a volume or the source of a variable.
    /// </summary>
    public (string Kind, TemplateFields Part) Choice()
    {
        string kind = node.Select(pair => pair.Key).Single(key => !_read.Contains(key));
        return (kind, Part(kind) ?? throw Invalid(kind, "is not a mapping"));
    }

    /// <exception cref="PodTemplateException">A field was not read.</exception>
    public void RequireAllRead()
    {
        if (node.Select(pair => pair.Key).FirstOrDefault(key => !_read.Contains(key)) is { } unknown)
        {
            throw Invalid(
                unknown, "is a field that the pod runner of the tests does not support: add it there, or remove it");
        }
    }

    public PodTemplateException Invalid(string name, string what) => new($"{path}.{name} {what}.");

    private JsonNode? Value(string name)
    {
        _read.Add(name);
        return node[name];
    }
}
