using System.Text;
using EtcdBackupAgent.Objects.Querying;

namespace EtcdBackupAgent.Objects.Printing;

/// <summary>
/// Prints objects as kubectl does: one as it is, several as a <c>List</c>. They are printed one after the other, so
/// that memory does not depend on their number.
/// </summary>
public static class ObjectPrinter
{
    /// <summary>Prints JSON.</summary>
    /// <param name="objects">Objects with content.</param>
    /// <param name="isList">Whether several objects were selected.</param>
    /// <param name="output">Receives the text.</param>
    public static void Json(IEnumerable<FoundObject> objects, bool isList, TextWriter output)
    {
        IndentedJson printer = new(output);
        if (!isList)
        {
            printer.Write(objects.Single().Content.Json.Span, level: 0);
            output.Write('\n');
            return;
        }

        output.Write("{\n    \"apiVersion\": \"v1\",\n    \"items\": [");
        string before = "\n        ";
        foreach (FoundObject item in objects)
        {
            output.Write(before);
            printer.Write(item.Content.Json.Span, level: 2);
            before = ",\n        ";
        }

        string end = before[0] == ',' ? "\n    ]" : "]";
        output.Write(
            $"{end},\n    \"kind\": \"List\",\n    \"metadata\": {{\n        \"resourceVersion\": \"\"\n    }}\n}}\n");
    }

    /// <summary>Prints YAML.</summary>
    /// <inheritdoc cref="Json"/>
    public static void Yaml(IEnumerable<FoundObject> objects, bool isList, TextWriter output)
    {
        KubectlYaml printer = new(output);
        if (!isList)
        {
            printer.Write(objects.Single().Content.Json);
            printer.End();
            return;
        }

        printer.StartMapping();
        printer.Write("apiVersion");
        printer.Write("v1");
        printer.Write("items");
        printer.StartList();
        foreach (FoundObject item in objects)
        {
            printer.Write(item.Content.Json);
        }

        printer.EndList();
        printer.Write("kind");
        printer.Write("List");
        printer.Write("metadata");
        printer.Write(Encoding.UTF8.GetBytes("""{"resourceVersion":""}"""));
        printer.EndMapping();
        printer.End();
    }
}
