using System.Text.Json;
using System.Text.Json.Serialization;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>A value that is written as the text it prints as, and read back by its own parser.</summary>
internal sealed class TextConverter<T>(TextConverter<T>.TryParse tryParse) : JsonConverter<T>
{
    public delegate bool TryParse(string text, out T value);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && tryParse(reader.GetString()!, out T value)
            ? value
            : throw new JsonException($"The value is no {typeof(T).Name}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value!.ToString());
}
