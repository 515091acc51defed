using EtcdBackupAgent.Etcd.Grpc;
using EtcdBackupAgent.Etcd.Streaming;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Streaming;

public sealed class SnapshotDecoderTests
{
    private static readonly byte[] Golden =
    [
        0, 0, 0, 0, 11, // no compression, 11 bytes
        0x0A, 0x02, 0x08, 0x01, // field 1: header { cluster_id 1 }
        0x10, 0x80, 0x01, // field 2: remaining_bytes 128
        0x1A, 0x02, 0xAA, 0xBB, // field 3: blob
        0, 0, 0, 0, 3,
        0x1A, 0x01, 0xCC,
    ];

    [Fact]
    public void Two_messages_give_their_blobs_and_what_remains()
    {
        SnapshotDecoder decoder = new();

        Assert.Equal([0xAA, 0xBB, 0xCC], Decode(decoder, [Golden]));
        Assert.Equal(128UL, decoder.RemainingBytes);
        Assert.True(decoder.IsBetweenMessages);
    }

    [Fact]
    public void A_split_at_any_position_gives_the_same()
    {
        for (int position = 0; position <= Golden.Length; position++)
        {
            SnapshotDecoder decoder = new();

            Assert.Equal([0xAA, 0xBB, 0xCC], Decode(decoder, [Golden[..position], Golden[position..]]));
            Assert.Equal(128UL, decoder.RemainingBytes);
        }
    }

    [Fact]
    public void Single_bytes_of_a_whole_snapshot_give_the_snapshot()
    {
        byte[] snapshot = SnapshotMessages.Snapshot(3 * 512);

        IEnumerable<byte[]> bytes = SnapshotMessages.Stream(snapshot, blobBytes: 300).Chunk(1);

        Assert.Equal(snapshot, Decode(new SnapshotDecoder(), bytes));
    }

    [Theory]
    [InlineData(new byte[] { 0x1A, 0x01, 0xCC, 0x10, 0x05 })] // remaining_bytes after the blob
    [InlineData(new byte[] { 0x38, 0x01, 0x1A, 0x01, 0xCC })] // field 7, varint
    [InlineData(new byte[] { 0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x1A, 0x01, 0xCC })] // field 7, 64 bits
    [InlineData(new byte[] { 0x3D, 1, 2, 3, 4, 0x1A, 0x01, 0xCC })] // field 7, 32 bits
    [InlineData(new byte[] { 0x3A, 0x00, 0x1A, 0x01, 0xCC, 0x3A, 0x02, 1, 2 })] // field 7, bytes, none and two
    public void Other_fields_and_another_order_are_no_matter(byte[] message) =>
        Assert.Equal([0xCC], Decode(new SnapshotDecoder(), [SnapshotMessages.Frame(message)]));

    [Theory]
    [InlineData(new byte[] { 0x1A, 0x05, 0xCC }, "longer than the rest")]
    [InlineData(new byte[] { 0x1A, 0x01, 0xCC, 0x1A, 0x01, 0xDD }, "more than one blob")]
    [InlineData(new byte[] { 0x10 }, "ends within field 2")]
    [InlineData(new byte[] { 0x10, 0x80 }, "ends within a number")]
    [InlineData(new byte[] { 0x18, 0x01 }, "field 3 has the wrong wire type 0")]
    [InlineData(new byte[] { 0x12, 0x00 }, "field 2 has the wrong wire type 2")]
    [InlineData(new byte[] { 0x3B, 0x01 }, "unknown wire type 3")]
    [InlineData(new byte[] { 0x00, 0x01 }, "0 is not the number of a field")]
    [InlineData(new byte[] { 0x39, 1, 2, 3 }, "field 7 is longer than the rest")]
    [InlineData(
        new byte[] { 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, "more than 64 bits")]
    public void A_damaged_message_is_refused_with_what_is_wrong(byte[] message, string why)
    {
        GrpcException e = Assert.Throws<GrpcException>(
            () => Decode(new SnapshotDecoder(), [SnapshotMessages.Frame(message)]));

        Assert.Equal(GrpcStatusCode.Internal, e.Code);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_cut_within_a_message_is_not_at_an_end()
    {
        for (int position = 1; position < Golden.Length; position++)
        {
            SnapshotDecoder decoder = new();
            Decode(decoder, [Golden[..position]]);

            Assert.Equal(position == 16, decoder.IsBetweenMessages);
        }
    }

    [Fact]
    public void Hostile_bytes_end_in_a_grpc_failure_or_in_no_more_bytes_than_were_sent() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            ArbMap.Default.ArbFor<PositiveInt>(),
            (body, pieceBytes) =>
            {
                // A plausible frame header makes the fields, not only the frame, hostile.
                byte[] frame = SnapshotMessages.Frame(body);
                foreach (byte[] stream in (byte[][])[body, frame])
                {
                    try
                    {
                        Assert.True(
                            Decode(new SnapshotDecoder(), stream.Chunk(pieceBytes.Get)).Length <= stream.Length);
                    }
                    catch (GrpcException e)
                    {
                        Assert.NotEqual(GrpcStatusCode.Ok, e.Code);
                    }
                }
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static byte[] Decode(SnapshotDecoder decoder, IEnumerable<byte[]> pieces)
    {
        List<byte> blobs = [];
        foreach (byte[] piece in pieces)
        {
            ReadOnlySpan<byte> rest = piece;
            while (!rest.IsEmpty)
            {
                rest = rest[decoder.TakeStructure(rest)..];
                int blobBytes = Math.Min(decoder.BlobBytesNext, rest.Length);
                blobs.AddRange(rest[..blobBytes]);
                decoder.TakeBlob(blobBytes);
                rest = rest[blobBytes..];
            }
        }

        return [.. blobs];
    }
}
