using EtcdBackupAgent.Etcd.Grpc;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Grpc;

public sealed class GrpcFrameTests
{
    [Fact]
    public void A_header_is_a_zero_and_the_length_big_endian()
    {
        byte[] frame = [9, 9, 9, 9, 9, .. new byte[0x01_02_03]];

        GrpcFrame.WriteHeader(frame);

        Assert.Equal([0, 0, 1, 2, 3], frame[..5]);
        Assert.Equal(0x01_02_03, GrpcFrame.ReadHeader(frame));
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, 0 }, 0)]
    [InlineData(new byte[] { 0, 0, 0x40, 0, 0 }, GrpcFrame.MessageBytesMax)]
    public void A_message_up_to_the_limit_is_accepted(byte[] header, int length) =>
        Assert.Equal(length, GrpcFrame.ReadHeader(header));

    [Theory]
    [InlineData(new byte[] { 0, 0, 0x40, 0, 1 })]
    [InlineData(new byte[] { 0, 0xFF, 0xFF, 0xFF, 0xFF })]
    public void A_message_over_the_limit_is_refused_before_it_is_read(byte[] header)
    {
        GrpcException e = Assert.Throws<GrpcException>(() => GrpcFrame.ReadHeader(header));

        Assert.Equal(GrpcStatusCode.ResourceExhausted, e.Code);
        Assert.Contains("over the limit of 4194304", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    public void A_compressed_message_is_refused(byte flag)
    {
        GrpcException e = Assert.Throws<GrpcException>(() => GrpcFrame.ReadHeader([flag, 0, 0, 0, 1]));

        Assert.Equal(GrpcStatusCode.Internal, e.Code);
        Assert.Contains($"compression flag {flag}", e.Message, StringComparison.Ordinal);
    }
}
