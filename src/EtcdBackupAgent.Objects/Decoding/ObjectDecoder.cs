using System.Buffers;
using System.Text.Json;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>
/// Decodes stored objects that are encoded as protobuf into the JSON that kubectl prints of them, by a table of fields.
/// One decoder serves one thread.
/// </summary>
public sealed class ObjectDecoder
{
    private readonly FieldTable _table;
    private readonly MessageDecoder _messages;

    /// <summary>Decodes the kinds of a table.</summary>
    public ObjectDecoder(FieldTable table)
        : this(table, MessageDecoder.JsonBytesMax)
    {
    }

    internal ObjectDecoder(FieldTable table, int jsonBytesMax)
    {
        _table = table;
        _messages = new MessageDecoder(jsonBytesMax);
    }

    /// <summary>True if a stored value is encoded as protobuf.</summary>
    public static bool IsProtobuf(ReadOnlySpan<byte> value) => value.StartsWith(Envelope.Magic);

    /// <summary>Returns the kind that an envelope names; null if it is damaged.</summary>
    public static GroupVersionKind? KindOf(ReadOnlySpan<byte> value)
    {
        try
        {
            return Envelope.Open(value).Kind;
        }
        catch (DamagedObjectException)
        {
            return null;
        }
    }

    /// <summary>Decodes one object.</summary>
    /// <param name="value">The stored value, its envelope included.</param>
    /// <param name="json">Gets the JSON; undefined with an outcome that has no JSON.</param>
    /// <param name="options">What is printed.</param>
    /// <returns>The outcome. Damaged bytes are an outcome, never an exception.</returns>
    public Decoded Decode(ReadOnlySpan<byte> value, IBufferWriter<byte> json, DecodeOptions options)
    {
        GroupVersionKind? kind = null;
        try
        {
            Envelope envelope = Envelope.Open(value);
            kind = envelope.Kind;
            if (_table.Find(kind) is not { } message)
            {
                return new Decoded
                {
                    Outcome = DecodeOutcome.UnknownKind,
                    Kind = kind,
                    Problem = $"the kind {kind} is not one of Kubernetes {_table.KubernetesVersion}",
                };
            }

            using Utf8JsonWriter writer = new(json, WriterOptions);
            _messages.WriteObject(writer, envelope.Object, kind, message, options);
            writer.Flush();
            return new Decoded
            {
                Outcome = _messages.UnknownFieldCount > 0 ? DecodeOutcome.DecodedInPart : DecodeOutcome.Decoded,
                Kind = kind,
                UnknownFields = _messages.TakeUnknownFields(),
                UnknownFieldCount = _messages.UnknownFieldCount,
            };
        }
        catch (DamagedObjectException e)
        {
            return new Decoded { Outcome = DecodeOutcome.Damaged, Kind = kind, Problem = e.Message };
        }
    }

    /// <summary>The names come from the table, and the decoder writes each value after its name.</summary>
    private static JsonWriterOptions WriterOptions => PrintedJson.WriterOptions with { SkipValidation = true };
}
