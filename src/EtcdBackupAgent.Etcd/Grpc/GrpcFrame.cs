using System.Buffers.Binary;

namespace EtcdBackupAgent.Etcd.Grpc;

/// <summary>
/// The frame around a message: one byte that says whether it is compressed, its length as a big-endian 32-bit number, the message.
/// Source: gRPC over HTTP/2, "Length-Prefixed-Message".
/// </summary>
internal static class GrpcFrame
{
    /// <summary>Bytes before each message.</summary>
    public const int HeaderSizeBytes = 5;

    /// <summary>Bytes of a message that are accepted: gRPC's own default. etcd's snapshot comes in messages of 32 KiB.</summary>
    public const int MessageBytesMax = 4 * 1024 * 1024;

    /// <summary>Puts the header before a message; the space for it is already there.</summary>
    public static void WriteHeader(Span<byte> frame)
    {
        frame[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(frame[1..], frame.Length - HeaderSizeBytes);
    }

    /// <summary>Reads the five bytes before a message.</summary>
    /// <returns>The message's length in bytes, at most <see cref="MessageBytesMax"/>.</returns>
    /// <exception cref="GrpcException">The message is compressed, which we never said we accept, or too long.</exception>
    public static int ReadHeader(ReadOnlySpan<byte> header)
    {
        if (header[0] != 0)
        {
            throw new GrpcException(
                GrpcStatusCode.Internal,
                $"a message has the compression flag {header[0]}, though no compression was agreed on");
        }

        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..HeaderSizeBytes]);
        return length <= MessageBytesMax
            ? (int)length
            : throw new GrpcException(
                GrpcStatusCode.ResourceExhausted, $"a message of {length} bytes is over the limit of {MessageBytesMax}");
    }
}
