using System.Text;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>
/// What an API server puts around the bytes of an object: four bytes, then the message
/// <c>k8s.io.apimachinery.pkg.runtime.Unknown</c> with the kind and the bytes.
/// </summary>
internal readonly ref struct Envelope
{
    private const string MessageName = "k8s.io.apimachinery.pkg.runtime.Unknown";

    /// <summary>The first bytes of a stored object that is encoded as protobuf.</summary>
    public static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    public GroupVersionKind Kind { get; private init; }

    /// <summary>The encoded message of the object.</summary>
    public ReadOnlySpan<byte> Object { get; private init; }

    /// <summary>Opens an envelope.</summary>
    /// <exception cref="DamagedObjectException">The bytes are not an envelope, or it is compressed.</exception>
    public static Envelope Open(ReadOnlySpan<byte> value)
    {
        if (!value.StartsWith(Magic))
        {
            throw new DamagedObjectException("the value does not begin with 'k8s' and a zero byte");
        }

        ReadOnlySpan<byte> content = default;
        GroupVersionKind kind = new("", "");
        WireReader fields = new(value[Magic.Length..]);
        while (fields.MoveNext())
        {
            switch (fields.Number)
            {
                case 1:
                    fields.Require(WireType.LengthDelimited, MessageName);
                    kind = ReadKind(fields.Value);
                    break;
                case 2:
                    fields.Require(WireType.LengthDelimited, MessageName);
                    content = fields.Value;
                    break;
                case 3 or 4 when fields.Type != WireType.LengthDelimited || fields.Length > 0:
                    throw new DamagedObjectException("the envelope has a content encoding or a content type");
            }
        }

        return new Envelope { Kind = kind, Object = content };
    }

    private static GroupVersionKind ReadKind(ReadOnlySpan<byte> typeMeta)
    {
        (string apiVersion, string kind) = ("", "");
        WireReader fields = new(typeMeta);
        while (fields.MoveNext())
        {
            if (fields.Number is 1 or 2)
            {
                fields.Require(WireType.LengthDelimited, "k8s.io.apimachinery.pkg.runtime.TypeMeta");
                string text = Encoding.UTF8.GetString(fields.Value);
                (apiVersion, kind) = fields.Number == 1 ? (text, kind) : (apiVersion, text);
            }
        }

        return new GroupVersionKind(apiVersion, kind);
    }
}
