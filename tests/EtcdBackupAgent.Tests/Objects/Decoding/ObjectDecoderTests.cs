using System.Buffers;
using System.Text;
using EtcdBackupAgent.Objects.Decoding;
using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Objects.Tables;
using EtcdBackupAgent.Snapshots.Encoded;
using Xunit;

namespace EtcdBackupAgent.Tests.Objects.Decoding;

/// <summary>
/// The outcomes of decoding. That it prints what Kubernetes prints is proved by <c>StoredPairTests</c>, on objects of
/// every kind.
/// </summary>
public sealed class ObjectDecoderTests
{
    private static readonly GroupVersionKind ConfigMap = new("v1", "ConfigMap");

    private readonly ArrayBufferWriter<byte> _json = new();

    private string Json => Encoding.UTF8.GetString(_json.WrittenSpan);

    [Fact]
    public void Names_are_sorted_and_absent_fields_follow_the_table()
    {
        byte[] stored = StoredBytes.Of(ConfigMap, new ProtobufWriter()
            .Message(1, StoredBytes.Metadata("settings", "web"))
            .Entry(2, "z", "1")
            .Entry(2, "a", "<2>"));

        Decoded decoded = Decode(stored);

        Assert.Equal(DecodeOutcome.Decoded, decoded.Outcome);
        Assert.Equal(ConfigMap, decoded.Kind);
        Assert.Equal(
            """{"apiVersion":"v1","data":{"a":"<2>","z":"1"},"kind":"ConfigMap","metadata":{"name":"settings","namespace":"web"}}""",
            Json);
    }

    [Fact]
    public void The_revision_is_printed_and_managed_fields_are_left_out_of_the_object_alone()
    {
        ProtobufWriter managed = new ProtobufWriter().Text(1, "kubectl");
        ProtobufWriter metadata = StoredBytes.Metadata("a").Message(17, managed);
        ProtobufWriter template = new ProtobufWriter().Message(1, StoredBytes.Metadata("b").Message(17, managed));
        byte[] stored = StoredBytes.Of(
            new GroupVersionKind("v1", "PodTemplate"), new ProtobufWriter().Message(1, metadata).Message(2, template));

        Decode(stored, new DecodeOptions { ResourceVersion = "42", ManagedFields = false });

        Assert.Equal(
            """{"apiVersion":"v1","kind":"PodTemplate","metadata":{"name":"a","resourceVersion":"42"},"template":{"metadata":{"managedFields":[{"manager":"kubectl"}],"name":"b"},"spec":{"containers":null}}}""",
            Json);
    }

    [Fact]
    public void Unknown_fields_are_kept_and_the_object_is_marked()
    {
        byte[] stored = StoredBytes.Of(ConfigMap, new ProtobufWriter()
            .Message(1, StoredBytes.Metadata("a").Number(999, 7))
            .Text(200, "new"));

        Decoded decoded = Decode(stored);

        Assert.Equal(DecodeOutcome.DecodedInPart, decoded.Outcome);
        Assert.Equal(2, decoded.UnknownFieldCount);
        Assert.Equal(
            [
                ("k8s.io.api.core.v1.ConfigMap", 200, new ProtobufWriter().Text(200, "new").ToArray()),
                ("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta", 999, new ProtobufWriter().Number(999, 7).ToArray()),
            ],
            decoded.UnknownFields.Select(field => (field.Message, field.Number, field.Encoded.ToArray())));
        Assert.Equal("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}""", Json);
    }

    [Fact]
    public void Of_many_unknown_fields_the_first_are_kept_and_all_are_counted()
    {
        ProtobufWriter message = new();
        for (int i = 0; i < 10_000; i++)
        {
            message.Number(999, 1);
        }

        Decoded decoded = Decode(StoredBytes.Of(ConfigMap, message));

        Assert.Equal(10_000, decoded.UnknownFieldCount);
        Assert.Equal(MessageDecoder.UnknownFieldsMax, decoded.UnknownFields.Count);
    }

    [Fact]
    public void A_kind_that_the_table_does_not_have_is_named()
    {
        GroupVersionKind route = new("route.openshift.io/v1", "Route");

        Decoded decoded = Decode(StoredBytes.Of(route, new ProtobufWriter()));

        Assert.Equal((DecodeOutcome.UnknownKind, route), (decoded.Outcome, decoded.Kind));
    }

    [Fact]
    public void Kinds_of_one_name_are_distinguished_by_their_group()
    {
        ProtobufWriter metadata = new ProtobufWriter().Message(1, StoredBytes.Metadata("a"));

        Decode(StoredBytes.Of(new GroupVersionKind("events.k8s.io/v1", "Event"), metadata));

        Assert.Contains("\"eventTime\":null", Json, StringComparison.Ordinal);
        Assert.DoesNotContain("involvedObject", Json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "the value does not begin")]
    [InlineData("6b387300 0a", "end inside a number")]
    [InlineData("6b387300 0a7f", "longer than the")]
    [InlineData("6b387300 0affffffffffffffffff01", "longer than the")]
    [InlineData("6b387300 00", "the number 0")]
    [InlineData("6b387300 1a0161", "a content encoding")]
    [InlineData("6b387300 0c", "the wire type 4")]
    [InlineData("6b387300 0e", "the wire type 6")]
    [InlineData("6b387300 80808080808080808080 01", "more than ten bytes")]
    public void Damaged_envelopes_are_an_outcome(string bytes, string problem)
    {
        Decoded decoded = Decode(Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)));

        Assert.Equal(DecodeOutcome.Damaged, decoded.Outcome);
        Assert.Contains(problem, decoded.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_of_another_type_and_a_message_that_occurs_twice_are_damage()
    {
        Decoded number = Decode(StoredBytes.Of(ConfigMap, new ProtobufWriter().Number(1, 5)));
        Decoded twice = Decode(StoredBytes.Of(
            ConfigMap,
            new ProtobufWriter().Message(1, StoredBytes.Metadata("a")).Message(1, StoredBytes.Metadata("b"))));

        Assert.Equal(DecodeOutcome.Damaged, number.Outcome);
        Assert.Equal(
            "the field 1 of k8s.io.api.core.v1.ConfigMap is encoded as Varint, not as LengthDelimited", number.Problem);
        Assert.Equal("the field 1 of k8s.io.api.core.v1.ConfigMap occurs twice", twice.Problem);
    }

    [Fact]
    public void Few_bytes_that_would_become_much_JSON_are_damage()
    {
        byte[] listed = StoredBytes.Of(
            new GroupVersionKind("v1", "PodTemplate"),
            new ProtobufWriter().Message(2, new ProtobufWriter().Message(2, EmptyElements(2, 100_000))));
        ObjectDecoder decoder = new(FieldTable.Kubernetes, jsonBytesMax: 100_000);

        Assert.Equal(
            "the JSON of the object is larger than 100000 bytes",
            decoder.Decode(listed, _json, new DecodeOptions()).Problem);
        Assert.InRange(_json.WrittenCount, 0, 400_000);
    }

    [Theory]
    [InlineData(400, DecodeOutcome.Decoded)]
    [InlineData(100_000, DecodeOutcome.Damaged)]
    public void JSON_in_a_field_may_be_nested_as_deep_as_its_limit(int depth, DecodeOutcome outcome)
    {
        string nested = new string('[', depth) + new string(']', depth);
        byte[] stored = StoredBytes.Of(
            new GroupVersionKind("apps/v1", "ControllerRevision"),
            new ProtobufWriter().Message(2, new ProtobufWriter().Text(1, nested)));

        Assert.Equal(outcome, Decode(stored).Outcome);
    }

    [Theory]
    [InlineData("{", "a field that contains JSON is not JSON")]
    [InlineData("""{"\ud800":1}""", "a field that contains JSON is not JSON")]
    [InlineData("1e999", "a field that contains JSON is not JSON")]
    public void A_field_that_is_not_JSON_is_damage(string json, string problem) => Assert.Equal(
        problem,
        Decode(StoredBytes.Of(
            new GroupVersionKind("apps/v1", "ControllerRevision"),
            new ProtobufWriter().Message(2, new ProtobufWriter().Text(1, json)))).Problem);

    [Fact]
    public void Of_two_entries_of_a_map_with_one_key_the_last_counts()
    {
        Decode(StoredBytes.Of(
            ConfigMap, new ProtobufWriter().Entry(2, "b", "1").Entry(2, "a", "2").Entry(2, "b", "3")));

        Assert.Contains("""{"a":"2","b":"3"}""", Json, StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_that_is_cut_or_changed_anywhere_is_an_outcome()
    {
        byte[] stored = StoredBytes.Of(new GroupVersionKind("v1", "PodTemplate"), new ProtobufWriter()
            .Message(1, StoredBytes.Metadata("a", "b").Entry(11, "k", "v").Entry(12, "x", "y"))
            .Message(2, new ProtobufWriter()
                .Message(1, StoredBytes.Metadata("c"))
                .Message(2, new ProtobufWriter()
                    .Message(2, new ProtobufWriter().Text(1, "main").Text(2, "image").Text(3, "a").Text(3, "b")
                        .Message(6, new ProtobufWriter().Text(1, "p").Number(3, 80))
                        .Message(8, new ProtobufWriter().Message(1, new ProtobufWriter()
                            .Text(1, "cpu").Message(2, new ProtobufWriter().Text(1, "100m"))))))));
        Assert.Equal(DecodeOutcome.Decoded, Decode(stored).Outcome);
        int[] outcomes = new int[4];

        for (int length = 0; length < stored.Length; length++)
        {
            outcomes[(int)Decode(stored.AsSpan(0, length)).Outcome]++;
        }

        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] changed = [.. stored];
            for (int j = random.Next(1, 4); j > 0; j--)
            {
                changed[random.Next(stored.Length)] = (byte)random.Next(256);
            }

            outcomes[(int)Decode(changed).Outcome]++;
        }

        Assert.All(outcomes, count => Assert.True(count > 0, string.Join(' ', outcomes)));
    }

    [Fact]
    public void Decoding_does_not_allocate_for_each_field()
    {
        ProtobufWriter message = new ProtobufWriter().Message(1, StoredBytes.Metadata("a"));
        for (int i = 0; i < 2000; i++)
        {
            message.Entry(2, $"key-{i:0000}", "value");
        }

        byte[] stored = StoredBytes.Of(ConfigMap, message);
        ObjectDecoder decoder = new(FieldTable.Kubernetes);
        ArrayBufferWriter<byte> json = new(1 << 20);
        DecodeOptions options = new();
        decoder.Decode(stored, json, options);
        long before = GC.GetAllocatedBytesForCurrentThread();

        json.ResetWrittenCount();
        decoder.Decode(stored, json, options);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4096);
    }

    private static ProtobufWriter EmptyElements(int field, int count)
    {
        ProtobufWriter message = new();
        for (int i = 0; i < count; i++)
        {
            message.Bytes(field, []);
        }

        return message;
    }

    private Decoded Decode(ReadOnlySpan<byte> stored, DecodeOptions? options = null)
    {
        _json.ResetWrittenCount();
        return new ObjectDecoder(FieldTable.Kubernetes).Decode(stored, _json, options ?? new DecodeOptions());
    }
}
