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
    public void A_text_that_looks_like_something_else_is_quoted_in_yaml(string id)
    {
        string yaml = DocumentText.Yaml(new JsonObject { ["id"] = id });

        YamlStream stream = [];
        stream.Load(new StringReader(yaml));
        YamlScalarNode scalar = (YamlScalarNode)stream.Documents[0].RootNode["id"];
        Assert.Equal(id, scalar.Value);
        Assert.NotEqual(YamlDotNet.Core.ScalarStyle.Plain, scalar.Style);
    }

    [Fact]
    public void Numbers_and_truths_stay_what_they_are_in_yaml() => Assert.Equal(
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
    public void A_text_is_read_back_as_it_was(string text)
    {
        string yaml = DocumentText.Yaml(new JsonArray(new JsonObject { [text] = text }));

        YamlStream stream = [];
        stream.Load(new StringReader(yaml));
        (YamlNode name, YamlNode value) = ((YamlMappingNode)stream.Documents[0].RootNode[0]).Children.Single();
        Assert.Equal((text, text), ((string?)name, (string?)value));
    }
}
