using System.Text.Json;
using System.Text.Json.Serialization;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// Writes a value as the text that <c>ToString</c> returns, and reads it with the value's own parser.
/// </summary>
internal sealed class TextConverter<T>(TextConverter<T>.TryParse tryParse) : JsonConverter<T>
{
    public delegate bool TryParse(string text, out T value);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && tryParse(reader.GetString()!, out T value)
            ? value
            : throw new JsonException($"The value is not a valid {typeof(T).Name}.");

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value!.ToString());
}
