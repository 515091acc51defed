using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Tables;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Tables;

/// <summary>The committed table, whose content the integration tests compare, and text that is not a table.</summary>
public sealed class FieldTableTests
{
    private const string Head = "field-table 1 kubernetes 0.0\n";

    private static readonly FieldTable Table = FieldTable.Kubernetes;

    [Fact]
    public void The_table_has_every_kind_and_every_resource()
    {
        Assert.Equal((161, 922), (Table.Kinds.Count, Table.Messages.Count));
        Assert.Equal(3322, Table.Messages.Sum(message => message.Fields.Count));
        Assert.Equal(68, Table.Resources.Count);
    }

    [Fact]
    public void A_resource_has_its_names_its_scope_and_its_prefix()
    {
        BuiltInResource nodes = Table.Resources.Single(resource => resource.Kind == "Node");
        BuiltInResource services = Table.Resources.Single(resource => resource.Kind == "Service");

        Assert.Equal(
            (new GroupResource("", "nodes"), false, "minions"), (nodes.Name, nodes.IsNamespaced, nodes.StoragePrefix));
        Assert.Equal(["no"], nodes.ShortNames);
        Assert.Equal((true, "services/specs"), (services.IsNamespaced, services.StoragePrefix));
    }

    [Fact]
    public void Every_stored_resource_has_a_kind_that_can_be_decoded_except_those_that_are_stored_as_JSON()
    {
        HashSet<(string, string)> kinds = [.. Table.Kinds.Select(kind => (kind.Group, kind.Kind))];

        Assert.Equal(
            ["CustomResourceDefinition", "APIService"],
            Table.Resources.Where(one => !kinds.Contains((one.Name.Group, one.Kind))).Select(one => one.Kind));
    }

    /// <summary>The decoder recurses once for each level, and has its slots on the stack.</summary>
    [Fact]
    public void No_message_contains_itself_or_is_deep_or_large()
    {
        Dictionary<MessageType, int> depths = [];

        Assert.Equal(13, Table.Messages.Max(message => Depth(message, [])));
        Assert.Equal(42, Table.Messages.Max(message => message.Layout.Slots.Length));

        int Depth(MessageType message, HashSet<MessageType> path)
        {
            Assert.True(path.Add(message), message.Name);
            if (!depths.TryGetValue(message, out int depth))
            {
                depth = 1 + message.Fields.Select(field => field.Message).OfType<MessageType>()
                    .Select(inner => Depth(inner, path)).DefaultIfEmpty().Max();
                depths[message] = depth;
            }

            path.Remove(message);
            return depth;
        }
    }

    [Fact]
    public void A_field_has_its_type_its_shape_and_its_flags()
    {
        FieldTable table = Read(
            "kind v1 Thing m.Thing\nmessage m.Thing\n1 a *int32 omitempty\n2 b []m.Other\n3 c map:quantity omitempty\n"
            + "4 - m.Other inline\n5 t time omitempty omitzero\nmessage m.Other\n300 x string\n");

        MessageType thing = table.Find(new GroupVersionKind("v1", "Thing"))!;
        Assert.Equal(
            [
                (1, FieldShape.Pointer, FieldType.Int32, true, false, false),
                (2, FieldShape.List, FieldType.Message, false, false, false),
                (3, FieldShape.Map, FieldType.Quantity, true, false, false),
                (4, FieldShape.Value, FieldType.Message, false, false, true),
                (5, FieldShape.Value, FieldType.Time, true, true, false),
            ],
            thing.Fields.Select(field =>
                (field.Number, field.Shape, field.Type, field.OmitEmpty, field.OmitZero, field.IsInlined)));
        Assert.Equal(
            ["a", "b", "c", "t", "x"], thing.Layout.Printed.Select(slot => thing.Layout.Slots[slot].Name.Value));
        Assert.Equal((-1, -1, 5), (
            thing.Layout.Parts[0].SlotOf(300), thing.Layout.Parts[1].SlotOf(4), thing.Layout.Parts[1].SlotOf(300)));
    }

    [Theory]
    [InlineData("", "begins with ''")]
    [InlineData("field-table 2 kubernetes 0.0\n", "begins with 'field-table 2 kubernetes 0.0'")]
    [InlineData(Head + "kind v1\n", "unknown line: 'kind v1'")]
    [InlineData(Head + "1 a int32\n", "unknown line: '1 a int32'")]
    [InlineData(Head + "message m.A\nx a int32\n", "unknown line: 'x a int32'")]
    [InlineData(Head + "kind v1 A m.A\n", "no message 'm.A'")]
    [InlineData(Head + "message m.A\n1 b m.B\n", "no message 'm.B'")]
    public void A_text_that_is_not_a_table_is_refused(string text, string problem) => Assert.Contains(
        problem,
        Assert.Throws<InvalidDataException>(() => FieldTableReader.Read(new StringReader(text))).Message,
        StringComparison.Ordinal);

    private static FieldTable Read(string lines) => FieldTableReader.Read(new StringReader(Head + lines));
}
