using System.Security.Cryptography;
using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Snapshots;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Artifacts;

public sealed class PlainDigestStreamTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 5)]
    [InlineData(512, 1)]
    [InlineData(512 * 300, 0)]
    public async Task One_pass_computes_the_digest_and_checks_the_trailer(int databaseBytes, int changed)
    {
        byte[] database = RandomNumberGenerator.GetBytes(databaseBytes);
        byte[] all = [.. database, .. SHA256.HashData(database)];
        all[^1] ^= (byte)changed;
        await using PlainDigestStream stream = new(new MemoryStream(all));

        await stream.CopyToAsync(Stream.Null, 77);

        Assert.Equal(SHA256.HashData(all), Convert.FromHexString($"{stream.Digest()}"));
        Assert.Equal(all.Length, stream.BytesRead);
        Assert.Equal(changed == 0 ? SnapshotTrailerResult.Valid : SnapshotTrailerResult.Mismatch, stream.Trailer);
    }

    [Fact]
    public async Task The_first_byte_past_the_expected_length_is_refused()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(1000);
        await using LimitedStream exact = LimitedStream.OfExpectedLength(new MemoryStream(bytes), 1000);
        await exact.CopyToAsync(Stream.Null);
        await using LimitedStream longer = LimitedStream.OfExpectedLength(new MemoryStream(bytes), 999);

        ArchiveDamagedException e =
            await Assert.ThrowsAsync<ArchiveDamagedException>(() => longer.CopyToAsync(Stream.Null));

        Assert.Contains("more than the 999 bytes", e.Message, StringComparison.Ordinal);
    }
}
