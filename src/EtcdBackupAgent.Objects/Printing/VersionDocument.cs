using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.KeySpaces;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Versions;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>Versions of an object as documents; the fields are in docs/spec/objects.md.</summary>
public static class VersionDocument
{
    /// <summary>Returns a version. Fields without a value are left out.</summary>
    /// <param name="line">The history that it is of.</param>
    /// <param name="history">The number of that history, from 1.</param>
    /// <param name="version">The version.</param>
    public static JsonObject Of(KeyLine line, int history, ObjectVersion version)
    {
        KeyVersion change = version.Change;
        JsonObject document = new()
        {
            ["change"] = JsonNamingPolicy.CamelCase.ConvertName(version.Kind.ToString()),
            ["clusterId"] = line.ClusterId.ToString(),
            ["history"] = history,
            ["revision"] = change.Revision,
        };
        Add(document, "earliestRevision", change.EarliestRevision);
        Add(document, "notBefore", Text(change.NotBefore));
        Add(document, "notAfter", Text(change.NotAfter));
        Add(document, "manager", version.Manager is { } manager ? Of(manager) : null);
        if (change.Sources.Count > 0)
        {
            document["sources"] = new JsonArray([.. change.Sources.Select(source => (JsonNode?)source)]);
        }

        if (version.MissingBefore > 0)
        {
            document["missingBefore"] = version.MissingBefore;
        }

        if (version.Fields.Count > 0)
        {
            document["fields"] = ChangeDocument.Of(version.Fields);
        }

        Add(document, "problem", version.Problem);
        if (!version.Json.IsEmpty)
        {
            document["object"] = PrintedJson.Node(version.Json.Span);
        }

        return document;
    }

    private static JsonObject Of(FieldManager manager)
    {
        JsonObject document = new() { ["name"] = manager.Name };
        Add(document, "operation", manager.Operation);
        Add(document, "subresource", manager.Subresource);
        Add(document, "time", Text(manager.Time));
        return document;
    }

    private static string? Text(DateTimeOffset? time) =>
        time?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);

    private static void Add(JsonObject document, string name, JsonNode? value)
    {
        if (value is not null)
        {
            document[name] = value;
        }
    }
}
