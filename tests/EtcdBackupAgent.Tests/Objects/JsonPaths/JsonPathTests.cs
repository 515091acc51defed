using System.Text.Json;
using EtcdBackupAgent.Objects.JsonPaths;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.JsonPaths;

public sealed class JsonPathTests
{
    private const string Item = """
        {"metadata": {"name": "a", "annotations": {"example.com/owner": "team", "plain": "p"}},
         "spec": {"size": 3, "ratio": 1.5, "on": true, "none": null, "list": [10, 20, 30, 40],
          "parts": [{"name": "x", "n": 1}, {"name": "y (2)", "n": 2}, {"n": 3}]},
         "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Synced", "status": "False"}]}}
        """;

    [Theory]
    [InlineData(".metadata.name", "\"a\"")]
    [InlineData("$.metadata.name", "\"a\"")]
    [InlineData("@.metadata.name", "\"a\"")]
    [InlineData(".metadata['name']", "\"a\"")]
    [InlineData(@".metadata.annotations.example\.com/owner", "\"team\"")]
    [InlineData(@".metadata.annotations['example\.com/owner']", "\"team\"")]
    [InlineData(".metadata.annotations['example.com/owner']", "")]
    [InlineData(".metadata.annotations['plain','none']", "\"p\"")]
    [InlineData(".spec.list[0]", "10")]
    [InlineData(".spec.list[-1]", "40")]
    [InlineData(".spec.list[1:3]", "20 30")]
    [InlineData(".spec.list[:2]", "10 20")]
    [InlineData(".spec.list[2:]", "30 40")]
    [InlineData(".spec.list[-2:]", "30 40")]
    [InlineData(".spec.list[::2]", "10 30")]
    [InlineData(".spec.list[*]", "10 20 30 40")]
    [InlineData(".spec.list[0,2]", "10 30")]
    [InlineData(".spec.parts[*].name", "\"x\" \"y (2)\"")]
    [InlineData(".spec.parts.*.n", "1 2 3")]
    [InlineData("..status", "CONDITIONS \"True\" \"False\"")]
    [InlineData(".status.conditions[?(@.type==\"Ready\")].status", "\"True\"")]
    [InlineData(".status.conditions[?(@.type == 'Synced')].status", "\"False\"")]
    [InlineData(".status.conditions[?(@.type!=\"Ready\")].type", "\"Synced\"")]
    [InlineData(".spec.parts[?(@.n>1)].n", "2 3")]
    [InlineData(".spec.parts[?(@.n<=2)].n", "1 2")]
    [InlineData(".spec.parts[?(@.name)].n", "1 2")]
    [InlineData(".spec.parts[?(@.name==\"y (2)\")].n", "2")]
    [InlineData(".spec.parts[?(@.name==\"none\")].n", "")]
    [InlineData(".spec.missing.deeper", "")]
    [InlineData(".spec.none.deeper", "")]
    [InlineData(".spec.none", "null")]
    [InlineData(".spec.size.deeper", "")]
    [InlineData("\"text\"", "\"text\"")]
    public void A_path_leads_where_it_leads_on_a_server(string path, string expected)
    {
        using JsonDocument item = JsonDocument.Parse(Item);

        IReadOnlyList<JsonElement> found = JsonPath.Parse(path)!.Find(item.RootElement);

        Assert.Equal(expected, string.Join(' ', found.Select(one =>
            one.ValueKind == JsonValueKind.Object ? "CONDITIONS" : one.GetRawText())));
    }

    [Theory]
    [InlineData("spec.size")]
    [InlineData(".spec[0]")]
    [InlineData(".spec.list[9]")]
    [InlineData(".spec.list[3:1]")]
    [InlineData(".spec[?(@.a==1)]")]
    [InlineData(".spec.parts[?(@.n==\"1\")]")]
    [InlineData(".spec.parts[?(@.n==1.0)]")]
    [InlineData(".spec.parts[?(@.n=1)]")]
    [InlineData(".spec.list[0:4:0]")]
    public void A_path_that_does_not_fit_the_object_is_an_error(string path)
    {
        using JsonDocument item = JsonDocument.Parse(Item);

        Assert.Throws<JsonPathException>(() => JsonPath.Parse(path)!.Find(item.RootElement));
    }

    [Theory]
    [InlineData(".spec[")]
    [InlineData(".spec[\"double\"]")]
    [InlineData(".spec[a]")]
    [InlineData(".spec.list[1,b]")]
    [InlineData(".a[?(@.b==\"c]")]
    [InlineData(".a[?(@.b==1)")]
    [InlineData(".a[?(@.b=~1)]")]
    [InlineData(".a}")]
    [InlineData("#")]
    [InlineData("....")]
    [InlineData("\"open")]
    [InlineData(@"""\q""")]
    public void A_text_that_is_not_a_path_is_refused(string path) => Assert.Null(JsonPath.Parse(path));

    [Fact]
    public void Random_texts_are_read_or_refused()
    {
        const string alphabet = ".[]()?@$'\"*:,\\ a1-=<>!";
        Random random = new(1);
        using JsonDocument item = JsonDocument.Parse(Item);
        for (int i = 0; i < 20_000; i++)
        {
            string text = new([.. Enumerable.Range(0, random.Next(12))
                .Select(_ => alphabet[random.Next(alphabet.Length)])]);
            try
            {
                _ = JsonPath.Parse(text)?.Find(item.RootElement);
            }
            catch (JsonPathException)
            {
                // An error for this object.
            }
        }
    }
}
