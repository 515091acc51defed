using EtcdBackupAgent.Objects.Kinds;
using EtcdBackupAgent.Snapshots.Encoded;

namespace EtcdBackupAgent.Tests.Objects;

/// <summary>Builds stored values as an API server encodes them.</summary>
internal static class StoredBytes
{
    /// <summary>Returns an object in its envelope.</summary>
    public static byte[] Of(GroupVersionKind kind, ProtobufWriter message) =>
    [
        .. "k8s\0"u8,
        .. new ProtobufWriter()
            .Message(1, new ProtobufWriter().Text(1, kind.ApiVersion).Text(2, kind.Kind))
            .Bytes(2, message.ToArray())
            .Text(3, "")
            .Text(4, "")
            .ToArray(),
    ];

    /// <summary>Returns the metadata of an object.</summary>
    public static ProtobufWriter Metadata(string name, string ns = "") => new ProtobufWriter()
        .Text(1, name).Text(2, "").Text(3, ns).Text(4, "").Text(5, "").Text(6, "").Number(7, 0)
        .Message(8, new ProtobufWriter());

    /// <summary>Returns a map of texts, one entry after the other.</summary>
    public static ProtobufWriter Entry(this ProtobufWriter message, int field, string key, string value) =>
        message.Message(field, new ProtobufWriter().Text(1, key).Text(2, value));
}
