using System.Text.Json;

namespace EtcdBackupAgent.Objects.JsonPaths;

/// <summary>
/// A path in the dialect of Kubernetes, as the columns of a definition have it: <c>.spec.size</c>,
/// <c>.status.conditions[?(@.type=="Ready")].status</c>. It is not that of RFC 9535: there need be no <c>$</c>, a dot
/// in a name is escaped, also between quotes, and what does not fit the object is an error instead of no result.
/// Sources: <c>k8s.io/client-go/util/jsonpath</c>, https://kubernetes.io/docs/reference/kubectl/jsonpath/
/// </summary>
public sealed class JsonPath
{
    private readonly IReadOnlyList<JsonPathStep> _steps;

    private JsonPath(IReadOnlyList<JsonPathStep> steps) => _steps = steps;

    /// <summary>Reads a path; null if an API server does not accept it.</summary>
    public static JsonPath? Parse(string text) => JsonPathParser.Parse(text) is { } steps ? new JsonPath(steps) : null;

    /// <summary>Returns what the path leads to; nothing if a field on the way is missing.</summary>
    /// <exception cref="JsonPathException">The path does not fit the object: an index of something else than a list.
    /// </exception>
    public IReadOnlyList<JsonElement> Find(JsonElement item) => Find(_steps, [item]);

    internal static List<JsonElement> Find(IReadOnlyList<JsonPathStep> steps, List<JsonElement> input)
    {
        foreach (JsonPathStep step in steps)
        {
            input = step.Find(input);
        }

        return input;
    }
}

/// <summary>A path does not fit an object.</summary>
public sealed class JsonPathException(string message) : Exception(message);
