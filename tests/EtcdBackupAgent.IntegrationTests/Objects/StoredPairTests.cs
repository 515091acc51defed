using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using EtcdBackupAgent.Objects.Decoding;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Tables;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>
/// Objects of every kind and version of k8s.io/api, filled at random by Kubernetes' own fuzzers and by values that are
/// harder than theirs: their stored bytes decode to the JSON that Kubernetes' own libraries print of the same bytes.
/// </summary>
public sealed class StoredPairTests
{
    /// <summary>One object of each variant of <c>object-pairs</c>.</summary>
    private const int ObjectsPerKind = 6;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public async Task Stored_bytes_decode_to_what_Kubernetes_prints_of_them(int seed)
    {
        // EBA_PAIRS multiplies the number of objects, for a long run.
        int count = ObjectsPerKind * int.Parse(
            Environment.GetEnvironmentVariable("EBA_PAIRS") ?? "1", CultureInfo.InvariantCulture);
        ToolResult result = await Tool.RunAsync(Peers.ObjectPairs, ["fill", $"{seed * 1_000_000}", $"{count}"]);
        HashSet<GroupVersionKind> kinds = [];
        List<string> differences = [];
        ObjectDecoder decoder = new(FieldTable.Kubernetes);
        ArrayBufferWriter<byte> json = new();

        foreach (string line in result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument pair = JsonDocument.Parse(line);
            JsonElement root = pair.RootElement;
            GroupVersionKind kind = new(
                root.GetProperty("apiVersion").GetString()!, root.GetProperty("kind").GetString()!);
            kinds.Add(kind);
            json.ResetWrittenCount();
            Decoded decoded = decoder.Decode(
                root.GetProperty("stored").GetBytesFromBase64(), json, new DecodeOptions());
            string? difference = decoded.Outcome != DecodeOutcome.Decoded ? $"{decoded.Outcome}: {decoded.Problem}"
                : decoded.Kind != kind ? $"the kind {decoded.Kind}"
                : JsonComparison.Difference(JsonMarshal.GetRawUtf8Value(root.GetProperty("printed")), json.WrittenSpan);
            if (difference is not null)
            {
                differences.Add($"{kind}, variant {root.GetProperty("variant")}: {difference}");
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences.Take(20)));
        Assert.Equal(
            FieldTable.Kubernetes.Kinds.Select(kind => $"{kind}").Order(StringComparer.Ordinal),
            kinds.Select(kind => $"{kind}").Order(StringComparer.Ordinal));
    }
}
