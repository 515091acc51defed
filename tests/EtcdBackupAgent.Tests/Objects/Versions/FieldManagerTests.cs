using System.Text.Json.Nodes;
using EtcdBackupAgent.Objects.Versions;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Versions;

public sealed class FieldManagerTests
{
    private const string Applied =
        """{"manager":"kubectl-client-side-apply","operation":"Update","time":"2026-11-29T10:00:00Z"}""";

    private const string Edited = """{"manager":"kubectl-edit","operation":"Update","time":"2026-11-29T11:00:00Z"}""";

    private const string Status =
        """{"manager":"kubelet","operation":"Update","subresource":"status","time":"2026-11-29T12:00:00Z"}""";

    [Theory]
    [InlineData("", Applied, "kubectl-client-side-apply (Update)")]
    [InlineData(Applied, $"{Applied},{Edited}", "kubectl-edit (Update)")]
    [InlineData($"{Applied},{Edited}", $"{Applied},{Edited},{Status}", "kubelet (Update, status)")]
    [InlineData("", $"{Status},{Edited}", "kubelet (Update, status)")]
    [InlineData($"{Status},{Applied}", $"{Status},{Edited}", "kubectl-edit (Update)")]
    [InlineData(Applied, Applied, null)]
    [InlineData("", "", null)]
    [InlineData("", """{"operation":"Update"},5,{"manager":"m","time":"never"}""", "m")]
    public void The_newest_entry_that_is_new_names_the_manager(string before, string after, string? expected)
    {
        FieldManager? manager = FieldManager.Find(Object(before), Object(after));

        Assert.Equal(expected, manager?.ToString());
    }

    private static JsonNode? Object(string entries) =>
        JsonNode.Parse($$$"""{"metadata":{"name":"a","managedFields":[{{{entries}}}]}}""");
}
