using System.Text.Json;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>
/// Writes messages as JSON. A message is read twice: first to find where each field is, because an absent field may
/// have to be printed too, then field by field in the order in which they are printed.
/// </summary>
/// <param name="jsonBytesMax">The size of the JSON at which an object counts as damaged.</param>
internal sealed class MessageDecoder(int jsonBytesMax)
{
    public const int UnknownFieldsMax = 64;

    /// <summary>The messages of Kubernetes are nested 13 levels deep, and none contains itself.</summary>
    private const int DepthMax = 64;

    /// <summary>
    /// More than 100 times the largest object that an API server accepts. Damaged bytes can name a message of a hundred
    /// printed fields in two bytes.
    /// </summary>
    public const int JsonBytesMax = 256 << 20;

    private static readonly JsonEncodedText ApiVersionName = JsonEncodedText.Encode("apiVersion");
    private static readonly JsonEncodedText KindName = JsonEncodedText.Encode("kind");
    private static readonly JsonEncodedText MetadataName = JsonEncodedText.Encode("metadata");
    private static readonly JsonEncodedText ResourceVersionName = JsonEncodedText.Encode("resourceVersion");
    private static readonly JsonEncodedText ManagedFieldsName = JsonEncodedText.Encode("managedFields");

    private readonly int _jsonBytesMax = jsonBytesMax;
    private readonly List<UnknownField> _unknownFields = [];
    private Utf8JsonWriter _writer = null!;
    private DecodeOptions _options = new();

    /// <summary>The fields of the last object that the table does not have.</summary>
    public int UnknownFieldCount { get; private set; }

    public IReadOnlyList<UnknownField> TakeUnknownFields() => _unknownFields.Count == 0 ? [] : [.. _unknownFields];

    /// <summary>Writes an object with its kind.</summary>
    /// <exception cref="DamagedObjectException">The bytes are not its message.</exception>
    public void WriteObject(
        Utf8JsonWriter writer,
        ReadOnlySpan<byte> bytes,
        GroupVersionKind kind,
        MessageType message,
        DecodeOptions options)
    {
        (_writer, _options) = (writer, options);
        UnknownFieldCount = 0;
        _unknownFields.Clear();
        MessageLayout layout = message.Layout;
        Span<Slot> slots = stackalloc Slot[layout.Slots.Length];
        slots.Clear();
        Locate(bytes, layout, slots);

        writer.WriteStartObject();
        bool isApiVersionDue = true;
        bool isKindDue = true;
        foreach (int index in layout.Printed)
        {
            bool isMetadata = layout.Slots[index].Name.Equals(MetadataName);
            if (options.MetadataOnly && !isMetadata)
            {
                continue;
            }

            WriteKind(layout.Slots[index].Name.Value);
            WriteField(bytes, layout, index, slots[index], depth: 1, isMetadata);
        }

        WriteKind(next: null);
        writer.WriteEndObject();

        void WriteKind(string? next)
        {
            if (isApiVersionDue && (next is null || string.CompareOrdinal(ApiVersionName.Value, next) < 0))
            {
                _writer.WriteString(ApiVersionName, kind.ApiVersion);
                isApiVersionDue = false;
            }

            if (isKindDue && (next is null || string.CompareOrdinal(KindName.Value, next) < 0))
            {
                _writer.WriteString(KindName, kind.Kind);
                isKindDue = false;
            }
        }
    }

    private void WriteMessage(ReadOnlySpan<byte> bytes, MessageType message, int depth, bool isMetadata = false)
    {
        if (depth > DepthMax)
        {
            throw new DamagedObjectException($"messages are nested deeper than {DepthMax} levels");
        }

        MessageLayout layout = message.Layout;
        Span<Slot> slots = stackalloc Slot[layout.Slots.Length];
        slots.Clear();
        Locate(bytes, layout, slots);

        _writer.WriteStartObject();
        foreach (int index in layout.Printed)
        {
            if (isMetadata && layout.Slots[index].Name.Equals(ManagedFieldsName) && !_options.ManagedFields)
            {
                continue;
            }

            if (isMetadata && layout.Slots[index].Name.Equals(ResourceVersionName)
                && _options.ResourceVersion is { } version)
            {
                _writer.WriteString(ResourceVersionName, version);
                continue;
            }

            WriteField(bytes, layout, index, slots[index], depth, isMetadata: false);
        }

        _writer.WriteEndObject();
    }

    /// <summary>Finds the fields of a message, then those of its inlined messages.</summary>
    private void Locate(ReadOnlySpan<byte> bytes, MessageLayout layout, Span<Slot> slots)
    {
        foreach (MessagePart part in layout.Parts)
        {
            (int start, int length) = part.ParentSlot < 0
                ? (0, bytes.Length)
                : (slots[part.ParentSlot].ValueStart, slots[part.ParentSlot].Length);
            WireReader fields = new(bytes.Slice(start, length));
            while (fields.MoveNext())
            {
                int index = part.SlotOf(fields.Number);
                if (index < 0)
                {
                    AddUnknown(part.Name, fields);
                    continue;
                }

                Field field = layout.Slots[index];
                ref Slot slot = ref slots[index];
                RequireType(field, part, ref fields, slot.Count);
                slot.First = slot.Count == 0 ? start + fields.Start : slot.First;
                slot.Count++;
                slot.End = start + fields.Start + fields.Encoded.Length;
                slot.ValueStart = start + fields.ValueStart;
                slot.Length = fields.Type == WireType.LengthDelimited ? fields.Length : 0;
                slot.Varint = fields.Varint;
            }
        }
    }

    private static void RequireType(Field field, MessagePart part, scoped ref WireReader fields, int count)
    {
        bool isNumber = field.Type is FieldType.Bool or FieldType.Int32 or FieldType.Int64;
        bool isPacked = isNumber && field.Shape == FieldShape.List && fields.Type == WireType.LengthDelimited;
        bool isVarint = isNumber && field.Shape != FieldShape.Map && !isPacked;
        fields.Require(isVarint ? WireType.Varint : WireType.LengthDelimited, part.Name);

        // The decoders of Kubernetes would merge both values; its encoders write no field twice.
        bool isSingleMessage = field.Shape is FieldShape.Value or FieldShape.Pointer && !isNumber
            && field.Type is not (FieldType.Text or FieldType.Bytes);
        if (isSingleMessage && count > 0)
        {
            throw new DamagedObjectException($"the field {field.Number} of {part.Name} occurs twice");
        }
    }

    private void WriteField(
        ReadOnlySpan<byte> bytes, MessageLayout layout, int index, Slot slot, int depth, bool isMetadata)
    {
        Field field = layout.Slots[index];
        if (slot.Count == 0 && field.IsNilable)
        {
            if (!field.OmitEmpty)
            {
                _writer.WriteNull(field.Name);
            }

            return;
        }

        if (field.Shape is FieldShape.List or FieldShape.Map)
        {
            _writer.WritePropertyName(field.Name);
            WriteElements(bytes, field, slot, depth);
            return;
        }

        ReadOnlySpan<byte> value = bytes.Slice(slot.ValueStart, slot.Length);
        if (field.Shape == FieldShape.Value && IsOmitted(field, value, slot.Varint))
        {
            return;
        }

        _writer.WritePropertyName(field.Name);
        if (field.Type == FieldType.Message)
        {
            WriteMessage(value, field.Message!, depth + 1, isMetadata);
        }
        else
        {
            ScalarDecoder.Write(_writer, field.Type, value, slot.Varint, this);
        }
    }

    /// <summary>True for a zero value that is not printed.</summary>
    private static bool IsOmitted(Field field, ReadOnlySpan<byte> value, ulong varint) => field.Type switch
    {
        FieldType.Bool or FieldType.Int64 => field.OmitEmpty && varint == 0,
        FieldType.Int32 => field.OmitEmpty && (uint)varint == 0,
        FieldType.Text or FieldType.Bytes or FieldType.Texts => field.OmitEmpty && value.IsEmpty,
        FieldType.Time => field.OmitZero && ScalarDecoder.IsZeroTime(value),
        _ => false,
    };

    private void WriteElements(ReadOnlySpan<byte> bytes, Field field, Slot slot, int depth)
    {
        if (field.Shape == FieldShape.Map)
        {
            WriteMap(bytes, field, slot, depth);
            return;
        }

        _writer.WriteStartArray();
        WireReader elements = new(bytes[..slot.End]);
        elements.Seek(slot.First);
        while (elements.MoveNext())
        {
            if (elements.Number != field.Number)
            {
                continue;
            }

            RequireRoom();
            if (field.Type == FieldType.Message)
            {
                WriteMessage(elements.Value, field.Message!, depth + 1);
            }
            else if (elements.Type == WireType.LengthDelimited && field.Type is FieldType.Bool or FieldType.Int32
                or FieldType.Int64)
            {
                WritePacked(elements.Value, field.Type);
            }
            else
            {
                ReadOnlySpan<byte> value = elements.Type == WireType.LengthDelimited ? elements.Value : default;
                ScalarDecoder.Write(_writer, field.Type, value, elements.Varint, this);
            }
        }

        _writer.WriteEndArray();
    }

    private void WritePacked(ReadOnlySpan<byte> numbers, FieldType type)
    {
        for (PackedNumbers packed = new(numbers); packed.MoveNext();)
        {
            ScalarDecoder.Write(_writer, type, default, packed.Current, this);
        }
    }

    private void WriteMap(ReadOnlySpan<byte> bytes, Field field, Slot slot, int depth)
    {
        using MapEntries entries = MapEntries.Read(bytes, field, slot, this);
        _writer.WriteStartObject();
        for (int i = 0; i < entries.Count; i++)
        {
            RequireRoom();
            GoText.WriteName(_writer, entries.Key(bytes, i));
            ReadOnlySpan<byte> value = entries.Value(bytes, i);
            if (field.Type == FieldType.Message)
            {
                WriteMessage(value, field.Message!, depth + 1);
            }
            else
            {
                ScalarDecoder.Write(_writer, field.Type, value, entries.Varint(i), this);
            }
        }

        _writer.WriteEndObject();
    }

    private void RequireRoom()
    {
        if (_writer.BytesCommitted + _writer.BytesPending > _jsonBytesMax)
        {
            throw new DamagedObjectException($"the JSON of the object is larger than {_jsonBytesMax} bytes");
        }
    }

    /// <summary>Keeps a field that the table does not have.</summary>
    public void AddUnknown(string message, WireReader field)
    {
        UnknownFieldCount++;
        if (_unknownFields.Count < UnknownFieldsMax)
        {
            _unknownFields.Add(new UnknownField(message, field.Number, field.Encoded.ToArray()));
        }
    }
}
