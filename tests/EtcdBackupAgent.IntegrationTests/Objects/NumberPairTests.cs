using System.Buffers;
using System.Text;
using System.Text.Json;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>Numbers with a fraction or an exponent are printed as Go prints them.</summary>
public sealed class NumberPairTests
{
    [Fact]
    public async Task Numbers_are_printed_as_Go_prints_them()
    {
        ToolResult result = await Tool.RunAsync(Peers.ObjectPairs, ["numbers", "1", "50000"]);
        ArrayBufferWriter<byte> json = new();
        int compared = 0;
        List<string> differences = [];
        foreach (string line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument pair = JsonDocument.Parse(line);
            string given = pair.RootElement.GetProperty("given").GetString()!;
            string expected = pair.RootElement.GetProperty("printed").GetRawText();
            json.ResetWrittenCount();
            using (Utf8JsonWriter writer = new(json))
            {
                SortedJson.Write(writer, Encoding.UTF8.GetBytes(given));
            }

            compared++;
            string printed = Encoding.UTF8.GetString(json.WrittenSpan);
            if (printed != expected)
            {
                differences.Add($"{given}: {printed} instead of {expected}");
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(20)));
        Assert.InRange(compared, 49_000, 50_000);
    }
}
