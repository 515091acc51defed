using System.Text.Json;

namespace EtcdBackupAgent.Objects.Tables;

/// <summary>One field of a message.</summary>
internal sealed class Field
{
    /// <summary>The number on the wire.</summary>
    public required int Number { get; init; }

    /// <summary>The name in JSON; empty if the field is inlined.</summary>
    public required JsonEncodedText Name { get; init; }

    /// <summary>The type of a value, or of an element.</summary>
    public required FieldType Type { get; init; }

    public required FieldShape Shape { get; init; }

    /// <summary>An absent or empty value is not printed.</summary>
    public required bool OmitEmpty { get; init; }

    /// <summary>A zero time is not printed.</summary>
    public required bool OmitZero { get; init; }

    /// <summary>The fields of the message are printed as fields of the outer one.</summary>
    public required bool IsInlined { get; init; }

    /// <summary>The message of a value; null if the type is another one.</summary>
    public MessageType? Message { get; set; }

    /// <summary>The type is pointer, list, map or bytes: an absent value is <c>null</c>.</summary>
    public bool IsNilable => Shape != FieldShape.Value || Type is FieldType.Bytes or FieldType.Texts;
}
