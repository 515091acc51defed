using EtcdBackupAgent.Etcd.Api;
using Google.Protobuf;
using EventType = EtcdBackupAgent.Etcd.Api.Event.Types.EventType;

namespace EtcdBackupAgent.Tests.Etcd.Watching;

/// <summary>Responses of a watch as etcd writes them.</summary>
internal static class WatchMessages
{
    public const ulong ClusterId = 1;
    public const ulong MemberId = 7;

    public static ResponseHeader Header(long revision = 0) =>
        new() { ClusterId = ClusterId, MemberId = MemberId, Revision = revision };

    public static WatchResponse Created() => new() { Header = Header(), Created = true };

    /// <summary>
    /// A response with one event for each revision: a put, or a deletion if the revision is negative.
    /// </summary>
    public static WatchResponse Events(params long[] revisions) => new()
    {
        Header = Header(revisions.Length > 0 ? Math.Abs(revisions[^1]) : 0),
        Events = { revisions.Select(revision => Event(Math.Abs(revision), isDeletion: revision < 0)) },
    };

    /// <summary>The same response with more to follow.</summary>
    public static WatchResponse Fragment(params long[] revisions)
    {
        WatchResponse response = Events(revisions);
        response.Fragment = true;
        return response;
    }

    public static Event Event(long revision, bool isDeletion) => new()
    {
        Type = isDeletion ? EventType.Delete : EventType.Put,
        Kv = KeyValue(revision, isDeletion ? 0 : 10),
    };

    /// <summary>The key <c>k</c> at a revision, with a value of zeros.</summary>
    public static ByteString KeyValue(long revision, int valueBytes)
    {
        using MemoryStream stream = new();
        using CodedOutputStream output = new(stream);
        output.WriteTag(1, WireFormat.WireType.LengthDelimited);
        output.WriteString("k");
        output.WriteTag(3, WireFormat.WireType.Varint);
        output.WriteInt64(revision);
        if (valueBytes > 0)
        {
            output.WriteTag(5, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(UnsafeByteOperations.UnsafeWrap(new byte[valueBytes]));
        }

        output.Flush();
        return UnsafeByteOperations.UnsafeWrap(stream.ToArray());
    }
}
