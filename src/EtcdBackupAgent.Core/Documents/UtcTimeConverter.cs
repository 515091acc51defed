using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// Writes times as RFC 3339 in UTC with a Z: <c>2026-01-31T23:59:59.123Z</c>. Reads times with any offset.
/// </summary>
internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToUniversalTime().ToString(Format, CultureInfo.InvariantCulture));
}
