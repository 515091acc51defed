using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Core.Failures;

namespace EtcdBackupAgent.Core.ObjectLines;

/// <summary>
/// Objects as lines of JSON (<c>docs/spec/object-lines.md</c>). One page of objects is in memory at a time. Reading
/// starts with the first read, on another thread.
/// </summary>
/// <param name="pages">The objects.</param>
internal sealed class ObjectLinesStream(IAsyncEnumerable<ObjectPage> pages) : ProducedStream
{
    private static readonly JsonWriterOptions WriterOptions =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = ObjectLineFormat.DepthMax };

    private readonly List<ListedResource> _resources = [];
    private readonly ArrayBufferWriter<byte> _line = new();

    /// <summary>The resources that were read. Complete when the stream was read to its end.</summary>
    public IReadOnlyList<ListedResource> Resources => _resources;

    /// <remarks>1. The first line. 2. A line for each object. 3. The last line.</remarks>
    /// <inheritdoc/>
    protected override async Task ProduceAsync(Stream target, CancellationToken cancellationToken)
    {
        // 1
        await WriteAsync(target, WriteHeader, cancellationToken);

        // 2
        await foreach (ObjectPage page in pages.WithCancellation(cancellationToken))
        {
            Count(page);
            foreach (KeyedObject item in page.Objects)
            {
                await WriteAsync(target, writer => Write(writer, item), cancellationToken);
            }
        }

        // 3
        await WriteAsync(target, WriteEnd, cancellationToken);
    }

    private static void WriteHeader(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("format", ObjectLineFormat.Name);
        writer.WriteNumber("version", ObjectLineFormat.Version);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, KeyedObject item)
    {
        writer.WriteStartObject();
        writer.WriteString("key", item.Key);
        writer.WriteString(
            "resourceVersion", (item.Object["metadata"] as JsonObject)?["resourceVersion"]?.GetValue<string>() ?? "");
        writer.WritePropertyName("object");
        item.Object.WriteTo(writer);
        writer.WriteEndObject();
    }

    private void WriteEnd(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("end");
        writer.WriteNumber("objects", _resources.Sum(resource => resource.Objects));
        writer.WriteStartArray("resources");
        foreach (ListedResource resource in _resources)
        {
            writer.WriteStartObject();
            writer.WriteString("resource", resource.Resource);
            writer.WriteString("apiVersion", resource.ApiVersion);
            writer.WriteString(
                "resourceVersion", resource.ResourceVersion.ToString(CultureInfo.InvariantCulture));
            writer.WriteNumber("objects", resource.Objects);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    /// <summary>Writes one line; a line feed within a text is escaped in JSON.</summary>
    private async Task WriteAsync(Stream target, Action<Utf8JsonWriter> write, CancellationToken cancellationToken)
    {
        _line.ResetWrittenCount();
        using (Utf8JsonWriter writer = new(_line, WriterOptions))
        {
            write(writer);
        }

        if (_line.WrittenCount > ObjectLineFormat.LineBytesMax)
        {
            throw new BackupException(
                FailureReason.KubernetesFailed,
                $"An object has {_line.WrittenCount} bytes as JSON, more than the limit of "
                + $"{ObjectLineFormat.LineBytesMax}.");
        }

        _line.Write("\n"u8);
        await target.WriteAsync(_line.WrittenMemory, cancellationToken);
    }

    private void Count(ObjectPage page)
    {
        if (_resources.Count > 0 && _resources[^1] is var last && last.Resource == page.Resource)
        {
            _resources[^1] = last with
            {
                ResourceVersion = Math.Min(last.ResourceVersion, page.ResourceVersion),
                Objects = last.Objects + page.Objects.Count,
            };
        }
        else
        {
            _resources.Add(new ListedResource
            {
                Resource = page.Resource,
                ApiVersion = page.ApiVersion,
                ResourceVersion = page.ResourceVersion,
                Objects = page.Objects.Count,
            });
        }
    }
}
