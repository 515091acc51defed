using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.CustomResources;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>
/// Custom resources of random fields with random schemas, valid or not, are pruned and get defaults as by the code of
/// the API server.
/// </summary>
public sealed class CustomResourcePairTests
{
    private const int Objects = 2000;

    [Fact]
    public async Task Custom_resources_are_read_as_they_are_served()
    {
        ToolResult result = await Tool.RunAsync(Peers.ObjectPairs, ["customs", "1", $"{Objects}"]);
        List<string> differences = [];
        int compared = 0;
        foreach (string line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument pair = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 200 });
            CustomResourceDefinition definition = CustomResourceDefinition.Read(
                (JsonObject)JsonNode.Parse(pair.RootElement.GetProperty("definition").GetRawText())!)!;
            JsonObject stored = (JsonObject)JsonNode.Parse(pair.RootElement.GetProperty("stored").GetRawText())!;

            CustomResourceForm form = CustomResourceReader.Read(stored, definition);

            compared++;
            string? difference = form == CustomResourceForm.AsServed
                ? JsonComparison.Difference(
                    JsonMarshal.GetRawUtf8Value(pair.RootElement.GetProperty("printed")), Printed(stored))
                : form.ToString();
            if (difference is not null)
            {
                differences.Add($"{difference}\n{pair.RootElement.GetProperty("printed")}");
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count}\n" + string.Join('\n', differences.Take(10)));
        Assert.InRange(compared, Objects * 3 / 4, Objects);
    }

    private static ReadOnlySpan<byte> Printed(JsonObject document)
    {
        ArrayBufferWriter<byte> json = new();
        using Utf8JsonWriter writer = new(json);
        SortedJson.Write(writer, document);
        writer.Flush();
        return json.WrittenSpan;
    }
}
