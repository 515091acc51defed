using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Json;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Json;

/// <summary>Numbers, times and texts as Go's encoding/json prints them.</summary>
public sealed class GoFormatTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "-0")]
    [InlineData("1.0", "1")]
    [InlineData("1.50", "1.5")]
    [InlineData("1e3", "1000")]
    [InlineData("-2.5E-3", "-0.0025")]
    [InlineData("0.1", "0.1")]
    [InlineData("9223372036854775807", "9223372036854775807")]
    [InlineData("9223372036854775808", "9223372036854776000")]
    [InlineData("123456789012345678901", "123456789012345680000")]
    [InlineData("1e20", "100000000000000000000")]
    [InlineData("1e21", "1e+21")]
    [InlineData("1.25e100", "1.25e+100")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("0.0000001", "1e-7")]
    [InlineData("1.5e-10", "1.5e-10")]
    [InlineData("1e23", "1e+23")]
    [InlineData("9.99999999999999e22", "9.99999999999999e+22")]
    [InlineData("4.9e-324", "5e-324")]
    [InlineData("1.7976931348623157e308", "1.7976931348623157e+308")]
    public void Numbers(string json, string printed) => Assert.Equal(printed, Sorted(json));

    [Fact]
    public void A_number_beyond_all_doubles_is_refused() =>
        Assert.Throws<JsonException>(() => Sorted("1e999"));

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00Z")]
    [InlineData(-1, "1969-12-31T23:59:59Z")]
    [InlineData(951_782_400, "2000-02-29T00:00:00Z")]
    [InlineData(1_764_491_341, "2025-11-30T08:29:01Z")]
    [InlineData(253_402_300_799, "9999-12-31T23:59:59Z")]
    [InlineData(253_402_300_800, "10000-01-01T00:00:00Z")]
    [InlineData(-62_135_596_801, "0000-12-31T23:59:59Z")]
    public void Times(long seconds, string printed) =>
        Assert.Equal($"\"{printed}\"", Written(writer => GoTime.Write(writer, seconds)));

    [Fact]
    public void Every_day_of_four_centuries_is_that_of_the_platform()
    {
        for (DateTime day = new(1900, 1, 1, 1, 2, 3, DateTimeKind.Utc); day.Year < 2300; day = day.AddDays(1))
        {
            string expected = day.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            string printed = Written(writer => GoTime.Write(writer, new DateTimeOffset(day).ToUnixTimeSeconds()));
            if (printed != $"\"{expected}\"")
            {
                Assert.Equal($"\"{expected}\"", printed);
            }
        }
    }

    [Theory]
    [InlineData(0, 123_456_789, "1970-01-01T00:00:00.123456Z")]
    [InlineData(10, -1, "1970-01-01T00:00:09.999999Z")]
    [InlineData(10, 2_000_000_000, "1970-01-01T00:00:12.000000Z")]
    public void Times_with_microseconds(long seconds, int nanoseconds, string printed) => Assert.Equal(
        $"\"{printed}\"", Written(writer => GoTime.WriteMicroseconds(writer, seconds, nanoseconds)));

    [Theory]
    [InlineData("61ff62", "a\uFFFDb")]
    [InlineData("e282", "\uFFFD\uFFFD")]
    [InlineData("eda080", "\uFFFD\uFFFD\uFFFD")]
    [InlineData("f09f9880", "\uD83D\uDE00")]
    public void A_byte_that_is_not_UTF_8_becomes_one_replacement_character(string bytes, string text) => Assert.Equal(
        text,
        (string?)JsonNode.Parse(Written(writer => GoText.Write(writer, Convert.FromHexString(bytes)))));

    [Fact]
    public void Names_are_sorted_by_their_UTF_8_bytes() => Assert.Equal(
        ["", "B", "a", "ab", "é", "\uFFFD", "\uD83D\uDE00"],
        new[] { "ab", "\uD83D\uDE00", "é", "a", "\uFFFD", "B", "" }.Order(Utf8Order.Instance));

    [Fact]
    public void Objects_are_sorted_at_every_level() =>
        Assert.Equal("""{"a":[{"x":1,"y":null}],"b":{"c":true,"d":"e"}}""", Sorted("""{"b":{"d":"e","c":true}, "a":[{"y":null,"x":1.0}]}"""));

    private static string Sorted(string json) =>
        Written(writer => SortedJson.Write(writer, Encoding.UTF8.GetBytes(json)));

    private static string Written(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> json = new();
        using Utf8JsonWriter writer = new(json);
        write(writer);
        writer.Flush();
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }
}
