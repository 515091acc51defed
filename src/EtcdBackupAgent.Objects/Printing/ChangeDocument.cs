using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Comparing;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>Changes as documents; the fields are in docs/spec/objects.md.</summary>
public static class ChangeDocument
{
    /// <summary>Returns a side of a comparison.</summary>
    public static JsonObject Of(IComparedObjects side)
    {
        JsonObject document = new() { ["name"] = side.Name };
        Add(document, "revision", side.Revision);
        return document;
    }

    /// <summary>Returns an object that differs. Fields without a value are left out.</summary>
    public static JsonObject Of(ObjectChange change)
    {
        JsonObject document = new()
        {
            ["change"] = NameOf(change.Kind),
            ["resource"] = change.Place.Resource.ToString(),
            ["name"] = change.Place.Name,
        };
        Add(document, "namespace", change.Place.Namespace);
        Add(document, "apiVersion", change.Type?.ApiVersion);
        Add(document, "kind", change.Type?.Kind);
        Add(document, "oldRevision", change.OldRevision);
        Add(document, "newRevision", change.NewRevision);
        if (change.IsRecreated)
        {
            document["recreated"] = true;
        }

        if (change.Fields.Count > 0)
        {
            document["fields"] = Of(change.Fields);
        }

        Add(document, "problem", change.Problem);
        return document;
    }

    /// <summary>Returns the fields that differ.</summary>
    public static JsonArray Of(IReadOnlyList<FieldChange> changes) => [.. changes.Select(Of)];

    private static JsonNode Of(FieldChange change)
    {
        JsonObject document = new()
        {
            ["change"] = NameOf(change.Kind),
            ["path"] = change.Path.ToString(),
        };
        if (change.Kind != FieldChangeKind.Added)
        {
            document["old"] = change.Old?.DeepClone();
        }

        if (change.Kind != FieldChangeKind.Removed)
        {
            document["new"] = change.New?.DeepClone();
        }

        return document;
    }

    private static string NameOf<T>(T kind)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    private static void Add(JsonObject document, string name, JsonNode? value)
    {
        if (value is not null)
        {
            document[name] = value;
        }
    }
}
