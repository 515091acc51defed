using System.Text.Json.Nodes;

namespace EtcdBackupAgent.Testing.KubernetesApi.Pods;

/// <summary>A pod template has something that <see cref="PodRunner"/> cannot do, or that no pod may have.</summary>
public sealed class PodTemplateException(string message) : Exception(message);

/// <summary>
/// Reads the fields of a part of a pod template, each once, and refuses at the end those that nobody read: a field that
/// is new must not slip past untested.
/// </summary>
internal sealed class TemplateFields(JsonObject node, string path)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    public string Path => path;

    public string? Text(string name) => Value(name)?.GetValue<string>();

    public string Required(string name) => Text(name) ?? throw Wrong(name, "is missing");

    public bool Flag(string name, bool otherwise = false) => Value(name)?.GetValue<bool>() ?? otherwise;

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

    /// <summary>Reads a field that may only have one of these values, or be absent if null is among them.</summary>
    public void Only(string name, params ReadOnlySpan<string?> values)
    {
        string? value = Value(name) is { } given ? given.ToString() : null;
        if (!values.Contains(value))
        {
            throw Wrong(name, $"is {value ?? "absent"}, and may be {string.Join(" or ", values.ToArray())}");
        }
    }

    /// <summary>
    /// The only key of a map that says by its key what it is: a volume, an environment variable's source.
    /// </summary>
    public (string Kind, TemplateFields Part) Choice()
    {
        string kind = node.Select(pair => pair.Key).Single(key => !_read.Contains(key));
        return (kind, Part(kind) ?? throw Wrong(kind, "is no mapping"));
    }

    /// <exception cref="PodTemplateException">There is a field that was not read.</exception>
    public void End()
    {
        if (node.Select(pair => pair.Key).FirstOrDefault(key => !_read.Contains(key)) is { } unknown)
        {
            throw Wrong(unknown, "is a field that the tests' pod runner does not know: teach it, or leave it out");
        }
    }

    public PodTemplateException Wrong(string name, string what) => new($"{path}.{name} {what}.");

    private JsonNode? Value(string name)
    {
        _read.Add(name);
        return node[name];
    }
}
