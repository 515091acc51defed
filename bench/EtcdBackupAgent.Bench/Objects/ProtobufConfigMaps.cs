using System.Globalization;
using Google.Protobuf;

namespace EtcdBackupAgent.Bench.Objects;

/// <summary>
/// Generates config maps as an API server stores them: encoded as protobuf, each with the managed fields of several
/// managers. The fields are those of k8s.io/api/core/v1 and apimachinery's meta/v1 (generated.proto). The same index
/// gives the same object on every machine.
/// </summary>
internal static class ProtobufConfigMaps
{
    private const int Managers = 6;
    private const int PayloadBytes = 3_000;
    private const int Namespaces = 50;
    private const long CreatedAt = 1_790_000_000;

    private const string Fields = """
        {"f:data":{".":{},"f:payload":{}},"f:metadata":{"f:annotations":{".":{},"f:meta.helm.sh/release-name":{},
        "f:meta.helm.sh/release-namespace":{}},"f:labels":{".":{},"f:app.kubernetes.io/managed-by":{},
        "f:app.kubernetes.io/name":{},"f:helm.sh/chart":{}}}}
        """;

    /// <summary>The name of an object.</summary>
    public static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"settings-{index:d8}");

    /// <summary>The namespace of an object.</summary>
    public static string NamespaceOf(int index) =>
        string.Create(CultureInfo.InvariantCulture, $"team-{index % Namespaces:d2}");

    /// <summary>Returns an object and its key.</summary>
    public static (string Key, byte[] Value) Of(int index)
    {
        Random random = new(index);
        byte[] payload = new byte[PayloadBytes];
        random.NextBytes(payload);
        byte[] id = new byte[16];
        random.NextBytes(id);
        byte[] metadata = Message(output =>
        {
            Text(output, 1, NameOf(index));
            Text(output, 3, NamespaceOf(index));
            Text(output, 5, new Guid(id).ToString());
            Bytes(output, 8, Time(random));
            foreach ((string label, string value) in new[]
            {
                ("app.kubernetes.io/managed-by", "Helm"), ("app.kubernetes.io/name", "settings"),
            })
            {
                Bytes(output, 11, Entry(label, value));
            }

            for (int i = 0; i < Managers; i++)
            {
                Bytes(output, 17, ManagerOf(i, random));
            }
        });
        byte[] configMap = Message(output =>
        {
            Bytes(output, 1, metadata);
            Bytes(output, 2, Entry("payload", Convert.ToBase64String(payload)));
        });
        byte[] unknown = Message(output =>
        {
            Bytes(output, 1, Message(type =>
            {
                Text(type, 1, "v1");
                Text(type, 2, "ConfigMap");
            }));
            Bytes(output, 2, configMap);
            Text(output, 3, "");
            Text(output, 4, "");
        });
        return ($"/registry/configmaps/{NamespaceOf(index)}/{NameOf(index)}", [0x6B, 0x38, 0x73, 0x00, .. unknown]);
    }

    private static byte[] ManagerOf(int number, Random random) => Message(output =>
    {
        Text(output, 1, string.Create(CultureInfo.InvariantCulture, $"manager-{number}"));
        Text(output, 2, "Update");
        Text(output, 3, "v1");
        Bytes(output, 4, Time(random));
        Text(output, 6, "FieldsV1");
        Bytes(output, 7, Message(fields => Text(fields, 1, Fields)));
    });

    private static byte[] Time(Random random) => Message(output =>
    {
        output.WriteTag(1, WireFormat.WireType.Varint);
        output.WriteInt64(CreatedAt + random.Next(1_000_000));
    });

    private static byte[] Entry(string key, string value) => Message(output =>
    {
        Text(output, 1, key);
        Text(output, 2, value);
    });

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using MemoryStream bytes = new();
        using (CodedOutputStream output = new(bytes, leaveOpen: true))
        {
            write(output);
        }

        return bytes.ToArray();
    }

    private static void Text(CodedOutputStream output, int field, string value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
    }

    private static void Bytes(CodedOutputStream output, int field, byte[] value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(value));
    }
}
