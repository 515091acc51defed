using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>
/// Definitions of custom resources, filled at random by Kubernetes' own fuzzer and stored in v1beta1, are read as
/// Kubernetes' own conversion serves them in v1.
/// </summary>
public sealed class DefinitionPairTests
{
    [Fact]
    public async Task Stored_definitions_are_read_as_they_are_served()
    {
        ToolResult result = await Tool.RunAsync(Peers.ObjectPairs, ["definitions", "1", "1000"]);
        ObjectReader reader = new(new ObjectReaderOptions { ManagedFields = true });
        List<string> differences = [];
        int compared = 0;
        foreach (string line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument pair = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 200 });
            JsonElement printed = pair.RootElement.GetProperty("printed");
            long revision = long.Parse(
                printed.GetProperty("metadata").GetProperty("resourceVersion").GetString()!,
                System.Globalization.CultureInfo.InvariantCulture);
            compared++;
            StoredObject read = reader.Read(
                Encoding.UTF8.GetBytes("/registry/apiextensions.k8s.io/customresourcedefinitions/a.example.com"),
                pair.RootElement.GetProperty("stored").GetBytesFromBase64(),
                revision);
            string? difference = read.Outcome != ReadOutcome.Read
                ? $"{read.Outcome}: {read.Problem}"
                : JsonComparison.Difference(JsonMarshal.GetRawUtf8Value(printed), read.Json.Span);
            if (difference is not null)
            {
                differences.Add($"{pair.RootElement.GetProperty("variant")}: {difference}");
            }
        }

        Assert.True(differences.Count == 0, $"{differences.Count}\n" + string.Join('\n', differences.Take(20)));
        Assert.Equal(1000, compared);
    }
}
