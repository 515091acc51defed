using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Api.Watching;

/// <summary>One line of a watch: <c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c>, <c>BOOKMARK</c> or <c>ERROR</c>, and an
/// object.</summary>
internal sealed record WatchEvent(string Type, JsonObject Item)
{
    /// <summary>Reads a stream of events, one JSON object per line, until it ends. A last line without a line end comes
    /// from a broken connection and is ignored.</summary>
    /// <exception cref="JsonException">A line is not an event, or is longer than
    /// <see cref="ApiTransport.ResponseBytesMax"/>.</exception>
    public static async IAsyncEnumerable<WatchEvent> ReadAsync(
        Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        PipeReader reader = PipeReader.Create(stream);
        try
        {
            while (true)
            {
                ReadResult result = await reader.ReadAsync(cancellationToken);
                ReadOnlySequence<byte> rest = result.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    ReadOnlySequence<byte> line = rest.Slice(0, end);
                    rest = rest.Slice(rest.GetPosition(1, end));
                    if (!line.IsEmpty)
                    {
                        yield return Parse(line);
                    }
                }

                reader.AdvanceTo(rest.Start, rest.End);
                if (rest.Length > ApiTransport.ResponseBytesMax)
                {
                    throw new JsonException($"An event is longer than {ApiTransport.ResponseBytesMax:N0} bytes.");
                }

                if (result.IsCompleted)
                {
                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static WatchEvent Parse(ReadOnlySequence<byte> line)
    {
        Utf8JsonReader reader = new(line);
        JsonNode? node = JsonNode.Parse(ref reader);
        return ObjectFields.Text(node, "type") is { } type && ObjectFields.Object(node, "object") is { } item
            ? new WatchEvent(type, item)
            : throw new JsonException("A line of the watch is not an event.");
    }
}
