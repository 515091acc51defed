using System.Security.Cryptography;
using EtcdBackupAgent.Etcd.Grpc;
using Google.Protobuf;

namespace EtcdBackupAgent.Tests.Etcd;

/// <summary>Snapshot streams as etcd writes them, made by protobuf's own writer.</summary>
internal static class SnapshotMessages
{
    /// <summary>One framed message; field 1 is a header of some bytes, field 4 a version, as 3.6 sends them.</summary>
    public static byte[] Frame(ulong remainingBytes, byte[] blob)
    {
        using MemoryStream message = new();
        using (CodedOutputStream output = new(message, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(8, 1, 16, 2));
            if (remainingBytes > 0)
            {
                output.WriteTag(2, WireFormat.WireType.Varint);
                output.WriteUInt64(remainingBytes);
            }

            output.WriteTag(3, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(blob));
            output.WriteTag(4, WireFormat.WireType.LengthDelimited);
            output.WriteString("3.6.0");
        }

        return Frame(message.ToArray());
    }

    public static byte[] Frame(byte[] message)
    {
        byte[] frame = [.. new byte[GrpcFrame.HeaderSizeBytes], .. message];
        GrpcFrame.WriteHeader(frame);
        return frame;
    }

    /// <summary>A database and its trailer.</summary>
    public static byte[] Snapshot(int databaseBytes)
    {
        byte[] database = new byte[databaseBytes];
        new Random(databaseBytes).NextBytes(database);
        return [.. database, .. SHA256.HashData(database)];
    }

    /// <summary>The frames that carry a snapshot: the database in blobs, then the trailer in a message of its own.</summary>
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
