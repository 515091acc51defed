using System.Buffers;
using System.Text.Json;
using EtcdBackupAgent.Objects.Decoding;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Tables;
using EtcdBackupAgent.Testing;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Objects;

/// <summary>
/// The files by which Kubernetes tests that its versions read one another: an object of each kind with every field set,
/// as protobuf and as JSON, of this version and of the three before.
/// </summary>
public sealed class KubernetesTestDataTests
{
    public static TheoryData<string> Versions => ["HEAD", "v1.35.0", "v1.34.0", "v1.33.0"];

    [Theory]
    [MemberData(nameof(Versions))]
    public void Objects_with_every_field_decode(string version)
    {
        string directory = Path.Combine(Peers.KubernetesSources, "k8s.io", "api", "testdata", version);
        ObjectDecoder decoder = new(FieldTable.Kubernetes);
        List<string> problems = [];
        int decodedObjects = 0;
        foreach (string file in Directory.EnumerateFiles(directory, "*.pb").Order(StringComparer.Ordinal))
        {
            ArrayBufferWriter<byte> json = new();
            Decoded decoded = decoder.Decode(File.ReadAllBytes(file), json, new DecodeOptions());
            if (decoded.Outcome == DecodeOutcome.UnknownKind)
            {
                continue;
            }

            decodedObjects++;
            string? problem = decoded.Outcome == DecodeOutcome.Damaged
                ? decoded.Problem
                : JsonComparison.Difference(Printed(file), json.WrittenSpan);
            if (problem is not null)
            {
                problems.Add($"{Path.GetFileName(file)}: {problem}");
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.InRange(decodedObjects, 140, 200);
    }

    /// <summary>
    /// Returns the JSON beside a file, or what the present version makes of it if that is something else, with sorted
    /// names.
    /// </summary>
    private static ReadOnlySpan<byte> Printed(string file)
    {
        string roundTrip = Path.ChangeExtension(file, "after_roundtrip.json");
        byte[] printed = File.ReadAllBytes(File.Exists(roundTrip) ? roundTrip : Path.ChangeExtension(file, "json"));
        ArrayBufferWriter<byte> sorted = new();
        using Utf8JsonWriter writer = new(sorted);
        SortedJson.Write(writer, printed);
        writer.Flush();
        return sorted.WrittenSpan;
    }
}
