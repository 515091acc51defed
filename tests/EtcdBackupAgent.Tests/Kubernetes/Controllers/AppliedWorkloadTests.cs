using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Controllers;
using Xunit;

namespace EtcdBackupAgent.Tests.Kubernetes.Controllers;

public sealed class AppliedWorkloadTests
{
    [Theory]
    [InlineData("""{"a":1}""", """{"a":1,"filledIn":true}""", true)]
    [InlineData("""{"a":1}""", """{"a":2}""", false)]
    [InlineData("""{"a":1}""", "{}", false)]
    [InlineData("""{"a":{"b":["x",{"c":1}]}}""", """{"a":{"b":["x",{"c":1,"d":2}],"e":3}}""", true)]
    [InlineData("""{"a":["x"]}""", """{"a":["x","edited"]}""", false)]
    [InlineData("""{"a":["x","y"]}""", """{"a":["y","x"]}""", false)]
    [InlineData("""{"a":{}}""", """{"a":null}""", false)]
    public void A_default_of_the_server_is_not_a_difference_and_an_edited_field_is(
        string wanted,
        string existing,
        bool isContained) =>
        Assert.Equal(isContained, AppliedWorkload.Contains(JsonNode.Parse(wanted), JsonNode.Parse(existing)));
}
