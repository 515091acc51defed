using System.Text.Json.Nodes;
using EtcdBackupAgent.Output;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace EtcdBackupAgent.Tests.Output;

public sealed class DocumentTextTests
{
    [Theory]
    [InlineData("12345678")]
    [InlineData("1e345678")]
    [InlineData("00000000")]
    [InlineData("01234567")]
    [InlineData("0x1234ab")]
    [InlineData("0o123456")]
    [InlineData("12_34_56")]
    [InlineData("190:20:30")]
    [InlineData(".inf")]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("true")]
    [InlineData("no")]
    [InlineData("2026-01-31")]
    [InlineData("")]
    public void A_string_that_YAML_could_read_as_another_type_is_quoted(string id)
    {
        string yaml = DocumentText.Yaml(new JsonObject { ["id"] = id });

        YamlStream stream = [];
        stream.Load(new StringReader(yaml));
        YamlScalarNode scalar = (YamlScalarNode)stream.Documents[0].RootNode["id"];
        Assert.Equal(id, scalar.Value);
        Assert.NotEqual(YamlDotNet.Core.ScalarStyle.Plain, scalar.Style);
    }

    [Fact]
    public void Numbers_booleans_and_null_keep_their_type_in_YAML() => Assert.Equal(
        "bytes: 12345678901\nshare: 0.25\nsound: true\nproblems: []\nid: a1b2c3d4\nend: null\nfields: {}\n",
        DocumentText.Yaml(new JsonObject
        {
            ["bytes"] = 12345678901L,
            ["share"] = 0.25,
            ["sound"] = true,
            ["problems"] = new JsonArray(),
            ["id"] = "a1b2c3d4",
            ["end"] = null,
            ["fields"] = new JsonObject(),
        }));

    [Theory]
    [InlineData("one line\nand another: with a colon\n")]
    [InlineData(" # no comment")]
    [InlineData("{no: flow}")]
    [InlineData("- no item")]
    [InlineData("'quoted' \"twice\" \\ \t\u0001")]
    [InlineData("*no alias")]
    [InlineData("näme ☃")]
    public void A_string_survives_a_round_trip_through_YAML(string text)
    {
        string yaml = DocumentText.Yaml(new JsonArray(new JsonObject { [text] = text }));

        YamlStream stream = [];
        stream.Load(new StringReader(yaml));
        (YamlNode name, YamlNode value) = ((YamlMappingNode)stream.Documents[0].RootNode[0]).Children.Single();
        Assert.Equal((text, text), ((string?)name, (string?)value));
    }
}
