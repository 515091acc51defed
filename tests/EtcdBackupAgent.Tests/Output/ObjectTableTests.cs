using System.Text;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Printing;
using EtcdBackupAgent.Objects.Querying;
using EtcdBackupAgent.Objects.Reading;
using EtcdBackupAgent.Output;
using Spectre.Console;
using Xunit;

namespace EtcdBackupAgent.Tests.Output;

public sealed class ObjectTableTests
{
    private static readonly ObjectColumn Data = new("DATA", (item, _) => item.GetProperty("data").ToString());

    [Fact]
    public void Columns_are_as_wide_as_their_longest_cell() =>
        Assert.Equal(
            ["NAMESPACE NAME   DATA", "web       a      1   ", "web       longer long"],
            Lines(isOfAllNamespaces: true, Found("a", "\"1\""), Found("longer", "\"long\"")));

    [Fact]
    public void A_value_cannot_begin_a_line_or_move_the_cursor() =>
        Assert.Equal(
            ["NAME DATA    ", "a    x y [31m"],
            Lines(isOfAllNamespaces: false, Found("a", """ "x\ny\u001b[31m" """)));

    [Fact]
    public void An_object_of_any_depth_is_a_line()
    {
        const int depth = 200;
        string deep = string.Concat(Enumerable.Repeat("{\"f\":", depth)) + "1" + new string('}', depth);

        Assert.Equal(2, Lines(isOfAllNamespaces: false, Found("a", deep)).Length);
    }

    private static string[] Lines(bool isOfAllNamespaces, params FoundObject[] objects)
    {
        using StringWriter text = new() { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.No,
        });
        console.Profile.Width = 4096;
        ObjectTable.Write(console, objects, [Data], isOfAllNamespaces, DateTimeOffset.UnixEpoch);
        return text.ToString().ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
    }

    private static FoundObject Found(string name, string data) => new(
        new StorageKey(new GroupResource("", "configmaps"), "web", name),
        new StoredObject
        {
            Outcome = ReadOutcome.Read,
            KeyContent = KeyContent.Object,
            Kind = new GroupVersionKind("v1", "ConfigMap"),
            Json = Encoding.UTF8.GetBytes($"{{\"data\":{data}}}"),
        },
        ModRevision: 1,
        CreateRevision: 1);
}
