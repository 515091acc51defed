using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Tests.Archive.Streams;
using Xunit;

namespace EtcdBackupAgent.Tests.Archive.Hashing;

public sealed class DigestingStreamTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300_001)]
    public async Task Bytes_pass_through_unchanged_and_are_counted_and_hashed(int length)
    {
        byte[] content = TestBytes.Mixed(length, length);
        await using DigestingStream stream = new(new RaggedStream(content, seed: 1));

        Assert.Equal(content, await TestBytes.ReadInPiecesAsync(stream, 1, 4096, 77));
        Assert.Equal(length, stream.BytesRead);
        Assert.Equal(new Sha256Digest(SHA256.HashData(content)), stream.Digest());
    }

    [Fact]
    public void A_digest_is_refused_before_the_end_is_reached_even_if_every_byte_was_read()
    {
        using DigestingStream stream = new(new MemoryStream(new byte[10]));
        Assert.Equal(10, stream.ReadAtLeast(new byte[10], 10));

        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => stream.Digest());
        Assert.Contains("10 bytes", e.Message, StringComparison.Ordinal);

        Assert.Equal(0, stream.Read(new byte[1]));
        Assert.Equal(new Sha256Digest(SHA256.HashData(new byte[10])), stream.Digest());
    }

    [Fact]
    public void A_read_into_an_empty_buffer_does_not_count_as_the_end()
    {
        using DigestingStream stream = new(new MemoryStream(new byte[10]));

        Assert.Equal(0, stream.Read([]));

        Assert.Throws<InvalidOperationException>(() => stream.Digest());
    }

    [Fact]
    public async Task The_source_stays_open_when_the_stream_is_disposed()
    {
        MemoryStream first = new([1]);
        MemoryStream second = new([1]);

        new DigestingStream(first).Dispose();
        await new DigestingStream(second).DisposeAsync();

        Assert.True(first.CanRead);
        Assert.True(second.CanRead);
    }

    [Fact]
    public async Task After_the_stream_is_disposed_the_digest_is_available_and_reading_fails()
    {
        DigestingStream stream = new(new MemoryStream([1, 2, 3]));
        await stream.CopyToAsync(Stream.Null);
        await stream.DisposeAsync();

        Assert.Equal(new Sha256Digest(SHA256.HashData([1, 2, 3])), stream.Digest());
        Assert.Throws<ObjectDisposedException>(() => stream.Read(new byte[1]));
    }
}
