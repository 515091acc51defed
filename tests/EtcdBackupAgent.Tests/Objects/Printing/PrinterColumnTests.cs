using System.Globalization;
using System.Text.Json;
using EtcdBackupAgent.Objects.JsonPaths;
using EtcdBackupAgent.Objects.Printing;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Printing;

public sealed class PrinterColumnTests
{
    private static readonly DateTimeOffset Now =
        DateTimeOffset.Parse("2026-11-29T10:00:00Z", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("string", "\"text\"", "text")]
    [InlineData("string", "\"two\\nlines\"", "two...")]
    [InlineData("string", "\"\\u001b[31m\"", "^[[31m")]
    [InlineData("string", "5", "5")]
    [InlineData("string", "true", "true")]
    [InlineData("string", "1234567.5", "1.2345675e+06")]
    [InlineData("string", "null", "<no value>")]
    [InlineData("string", "{\"a\":\"<b>\",\"c\":[1]}", "{\"a\":\"\\u003cb\\u003e\",\"c\":[1]}")]
    [InlineData("integer", "9223372036854775807", "9223372036854775807")]
    [InlineData("integer", "2.9", "2")]
    [InlineData("integer", "\"2\"", "")]
    [InlineData("number", "5", "5")]
    [InlineData("number", "1000000", "1000000")]
    [InlineData("number", "1.5", "1.5")]
    [InlineData("number", "0.0001", "0.0001")]
    [InlineData("number", "-0.00000025", "-2.5e-07")]
    [InlineData("number", "1234567.5", "1.2345675e+06")]
    [InlineData("number", "1e21", "1e+21")]
    [InlineData("number", "true", "")]
    [InlineData("boolean", "true", "true")]
    [InlineData("boolean", "false", "false")]
    [InlineData("boolean", "\"true\"", "")]
    [InlineData("date", "\"2026-11-29T09:00:00Z\"", "60m")]
    [InlineData("date", "\"2026-11-28T10:00:00.123456789123+01:00\"", "24h")]
    [InlineData("date", "\"2026-11-29T10:01:00Z\"", "<invalid>")]
    [InlineData("date", "\"yesterday\"", "<invalid>")]
    [InlineData("date", "\"2026-11-29\"", "<invalid>")]
    [InlineData("date", "\"\"", "<unknown>")]
    [InlineData("date", "\"0001-01-01T00:00:00Z\"", "<unknown>")]
    [InlineData("date", "5", "")]
    [InlineData("other", "\"text\"", "")]
    public void A_value_is_printed_by_its_type(string type, string value, string expected)
    {
        using JsonDocument item = JsonDocument.Parse($$"""{"spec":{"a":{{value}} } }""");
        PrinterColumn column = new("A", type, JsonPath.Parse(".spec.a")!, Priority: 0);

        Assert.Equal(expected, column.Text(item.RootElement, Now));
    }

    [Theory]
    [InlineData(".spec.b")]
    [InlineData("spec.a")]
    [InlineData(".spec[0]")]
    public void A_missing_value_and_one_that_cannot_be_found_are_empty(string path)
    {
        using JsonDocument item = JsonDocument.Parse("""{"spec":{"a":1}}""");

        PrinterColumn column = new("A", "string", JsonPath.Parse(path)!, Priority: 0);

        Assert.Equal("", column.Text(item.RootElement, Now));
    }
}
