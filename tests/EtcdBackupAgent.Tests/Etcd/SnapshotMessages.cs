using System.Buffers.Binary;
using System.Security.Cryptography;
using EtcdBackupAgent.Etcd.Api;
using Google.Protobuf;

namespace EtcdBackupAgent.Tests.Etcd;

/// <summary>Snapshot streams as etcd writes them, created with protobuf's own writer.</summary>
internal static class SnapshotMessages
{
    private const int FrameHeaderBytes = 5;

    /// <summary>One framed message, with a version, as 3.6 sends it.</summary>
    public static byte[] Frame(ulong remainingBytes, byte[] blob) => Frame(new SnapshotResponse
    {
        Header = new ResponseHeader { ClusterId = 1, MemberId = 2 },
        RemainingBytes = remainingBytes,
        Blob = UnsafeByteOperations.UnsafeWrap(blob),
        Version = "3.6.0",
    });

    public static byte[] Frame(IMessage message) => Frame(message.ToByteArray());

    /// <summary>gRPC's frame: a byte for no compression, the length, and the message.</summary>
    public static byte[] Frame(byte[] message)
    {
        byte[] frame = [.. new byte[FrameHeaderBytes], .. message];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        return frame;
    }

    /// <summary>A database and its trailer.</summary>
    public static byte[] Snapshot(int databaseBytes)
    {
        byte[] database = new byte[databaseBytes];
        new Random(databaseBytes).NextBytes(database);
        return [.. database, .. SHA256.HashData(database)];
    }

    /// <summary>The frames that carry a snapshot: the database in blobs, then the trailer in its own message.</summary>
    public static byte[] Stream(byte[] snapshot, int blobBytes)
    {
        int databaseBytes = snapshot.Length - SHA256.HashSizeInBytes;
        List<byte> stream = [];
        int sent = 0;
        foreach (byte[] blob in snapshot[..databaseBytes].Chunk(blobBytes))
        {
            sent += blob.Length;
            stream.AddRange(Frame((ulong)(databaseBytes - sent), blob));
        }

        stream.AddRange(Frame(remainingBytes: 0, snapshot[databaseBytes..]));
        return [.. stream];
    }
}
