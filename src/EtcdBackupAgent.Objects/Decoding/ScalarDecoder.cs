using System.Text.Json;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>Writes scalars, and the messages that print themselves and so are not in the table.</summary>
internal static class ScalarDecoder
{
    private const string MetaPackage = "k8s.io.apimachinery.pkg.apis.meta.v1";
    private const string QuantityMessage = "k8s.io.apimachinery.pkg.api.resource.Quantity";
    private const string IntOrStringMessage = "k8s.io.apimachinery.pkg.util.intstr.IntOrString";

    /// <summary>Writes one value.</summary>
    /// <param name="writer">The target, after the name of the field.</param>
    /// <param name="type">The type, not <see cref="FieldType.Message"/>.</param>
    /// <param name="value">The bytes of a length-delimited value; empty for a number, and for an absent value.</param>
    /// <param name="varint">A number; 0 if it is absent.</param>
    /// <param name="decoder">Gets the fields that are not known.</param>
    /// <exception cref="DamagedObjectException">The bytes are not a value of this type.</exception>
    public static void Write(
        Utf8JsonWriter writer, FieldType type, ReadOnlySpan<byte> value, ulong varint, MessageDecoder decoder)
    {
        switch (type)
        {
            case FieldType.Bool:
                writer.WriteBooleanValue(varint != 0);
                break;
            case FieldType.Int32:
                writer.WriteNumberValue((int)(uint)varint);
                break;
            case FieldType.Int64:
                writer.WriteNumberValue((long)varint);
                break;
            case FieldType.Text:
                GoText.Write(writer, value);
                break;
            case FieldType.Bytes:
                writer.WriteBase64StringValue(value);
                break;
            case FieldType.Texts:
                WriteTexts(writer, value, decoder);
                break;
            case FieldType.Time:
                WriteTime(writer, value, decoder);
                break;
            case FieldType.MicroTime:
                WriteMicroTime(writer, value, decoder);
                break;
            case FieldType.Quantity:
                WriteQuantity(writer, value, decoder);
                break;
            case FieldType.IntOrString:
                WriteIntOrString(writer, value, decoder);
                break;
            default:
                WriteJson(writer, value, decoder);
                break;
        }
    }

    /// <summary>True if Go's <c>Time.IsZero</c> is.</summary>
    public static bool IsZeroTime(ReadOnlySpan<byte> timestamp) =>
        timestamp.IsEmpty || ReadTimestamp(timestamp, decoder: null).Seconds == GoTime.ZeroSeconds;

    private static void WriteTime(Utf8JsonWriter writer, ReadOnlySpan<byte> timestamp, MessageDecoder decoder)
    {
        (long seconds, _) = ReadTimestamp(timestamp, decoder);
        if (timestamp.IsEmpty || seconds == GoTime.ZeroSeconds)
        {
            writer.WriteNullValue();
        }
        else
        {
            GoTime.Write(writer, seconds);
        }
    }

    private static void WriteMicroTime(Utf8JsonWriter writer, ReadOnlySpan<byte> timestamp, MessageDecoder decoder)
    {
        (long seconds, int nanoseconds) = ReadTimestamp(timestamp, decoder);
        nanoseconds -= nanoseconds % 1000;
        if (timestamp.IsEmpty || (seconds == GoTime.ZeroSeconds && nanoseconds == 0))
        {
            writer.WriteNullValue();
        }
        else
        {
            GoTime.WriteMicroseconds(writer, seconds, nanoseconds);
        }
    }

    private static (long Seconds, int Nanoseconds) ReadTimestamp(ReadOnlySpan<byte> bytes, MessageDecoder? decoder)
    {
        (long seconds, int nanoseconds) = (0, 0);
        WireReader fields = new(bytes);
        while (fields.MoveNext())
        {
            if (fields.Number is not (1 or 2))
            {
                decoder?.AddUnknown($"{MetaPackage}.Time", fields);
                continue;
            }

            fields.Require(WireType.Varint, $"{MetaPackage}.Time");
            (seconds, nanoseconds) = fields.Number == 1
                ? ((long)fields.Varint, nanoseconds)
                : (seconds, (int)(uint)fields.Varint);
        }

        return (seconds, nanoseconds);
    }

    private static void WriteTexts(Utf8JsonWriter writer, ReadOnlySpan<byte> bytes, MessageDecoder decoder)
    {
        writer.WriteStartArray();
        WireReader fields = new(bytes);
        while (fields.MoveNext())
        {
            if (fields.Number == 1)
            {
                fields.Require(WireType.LengthDelimited, "a list of texts");
                GoText.Write(writer, fields.Value);
            }
            else
            {
                decoder.AddUnknown("a list of texts", fields);
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteQuantity(Utf8JsonWriter writer, ReadOnlySpan<byte> bytes, MessageDecoder decoder)
    {
        ReadOnlySpan<byte> text = "0"u8;
        WireReader fields = new(bytes);
        while (fields.MoveNext())
        {
            if (fields.Number == 1)
            {
                fields.Require(WireType.LengthDelimited, QuantityMessage);
                text = fields.Value;
            }
            else
            {
                decoder.AddUnknown(QuantityMessage, fields);
            }
        }

        GoText.Write(writer, text);
    }

    private static void WriteIntOrString(Utf8JsonWriter writer, ReadOnlySpan<byte> bytes, MessageDecoder decoder)
    {
        (ulong type, int number) = (0, 0);
        ReadOnlySpan<byte> text = default;
        WireReader fields = new(bytes);
        while (fields.MoveNext())
        {
            switch (fields.Number)
            {
                case 1:
                    fields.Require(WireType.Varint, IntOrStringMessage);
                    type = fields.Varint;
                    break;
                case 2:
                    fields.Require(WireType.Varint, IntOrStringMessage);
                    number = (int)(uint)fields.Varint;
                    break;
                case 3:
                    fields.Require(WireType.LengthDelimited, IntOrStringMessage);
                    text = fields.Value;
                    break;
                default:
                    decoder.AddUnknown(IntOrStringMessage, fields);
                    break;
            }
        }

        switch (type)
        {
            case 0:
                writer.WriteNumberValue(number);
                break;
            case 1:
                GoText.Write(writer, text);
                break;
            default:
                throw new DamagedObjectException($"a number or text has the type {type}");
        }
    }

    private static void WriteJson(Utf8JsonWriter writer, ReadOnlySpan<byte> bytes, MessageDecoder decoder)
    {
        ReadOnlySpan<byte> raw = default;
        WireReader fields = new(bytes);
        while (fields.MoveNext())
        {
            if (fields.Number == 1)
            {
                fields.Require(WireType.LengthDelimited, "a message with JSON");
                raw = fields.Value;
            }
            else
            {
                decoder.AddUnknown("a message with JSON", fields);
            }
        }

        if (raw.IsEmpty)
        {
            writer.WriteNullValue();
            return;
        }

        try
        {
            SortedJson.Write(writer, raw);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new DamagedObjectException("a field that contains JSON is not JSON");
        }
    }
}
