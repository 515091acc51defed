using System.Buffers;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Snapshots.Revisions;
using Google.Protobuf;
using Grpc.Core;

namespace EtcdBackupAgent.Etcd.Streaming;

/// <summary>
/// One message of the snapshot stream: a <see cref="SnapshotResponse"/> whose blob is copied once, from the library's
/// buffer into a rented one. The generated class would allocate as many bytes as the whole database has.
/// </summary>
internal sealed class SnapshotChunk : IDisposable
{
    /// <summary>The call that returns chunks.</summary>
    public static readonly Method<SnapshotRequest, SnapshotChunk> Method = new(
        MethodType.ServerStreaming,
        "etcdserverpb.Maintenance",
        "Snapshot",
        Marshallers.Create(static request => request.ToByteArray(), SnapshotRequest.Parser.ParseFrom),
        new Marshaller<SnapshotChunk>(static (_, _) => throw new NotSupportedException(), Read));

    private byte[] _buffer;
    private int _copiedBytes;

    private SnapshotChunk(ReadOnlySpan<byte> blob, ulong remainingBytes)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(blob.Length);
        blob.CopyTo(_buffer);
        BlobBytes = blob.Length;
        RemainingBytes = remainingBytes;
    }

    /// <summary>Bytes of the database in this message.</summary>
    public int BlobBytes { get; }

    /// <summary>Bytes of the database after this message; the trailer is not counted.</summary>
    public ulong RemainingBytes { get; }

    /// <summary>Whether all bytes of the blob have been copied.</summary>
    public bool IsEmpty => _copiedBytes == BlobBytes;

    /// <summary>Copies the next bytes of the blob, as many as are left and fit.</summary>
    public int CopyNext(Span<byte> buffer)
    {
        int bytes = Math.Min(buffer.Length, BlobBytes - _copiedBytes);
        _buffer.AsSpan(_copiedBytes, bytes).CopyTo(buffer);
        _copiedBytes += bytes;
        return bytes;
    }

    /// <summary>Returns the buffer to the pool. The chunk is then empty.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _copiedBytes = BlobBytes;
    }

    private static SnapshotChunk Read(DeserializationContext context)
    {
        // The library provides each message in one segment.
        ReadOnlySequence<byte> message = context.PayloadAsReadOnlySequence();
        ProtobufFields fields = new(message.IsSingleSegment ? message.FirstSpan : message.ToArray());
        ReadOnlySpan<byte> blob = default;
        ulong remainingBytes = 0;
        while (fields.MoveNext())
        {
            switch (fields.Number)
            {
                case SnapshotResponse.RemainingBytesFieldNumber when fields.Require(ProtobufWireType.Varint):
                    remainingBytes = (ulong)fields.Integer;
                    break;
                case SnapshotResponse.BlobFieldNumber when fields.Require(ProtobufWireType.LengthDelimited):
                    blob = fields.Bytes;
                    break;
            }
        }

        return fields.Problem is null
            ? new SnapshotChunk(blob, remainingBytes)
            : throw new InvalidDataException(fields.Problem);
    }
}
