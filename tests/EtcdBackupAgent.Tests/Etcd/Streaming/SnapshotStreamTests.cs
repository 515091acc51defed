using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd.Grpc;
using EtcdBackupAgent.Etcd.Streaming;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Streaming;

public sealed class SnapshotStreamTests
{
    private static readonly byte[] Snapshot = SnapshotMessages.Snapshot(8 * 512);
    private static readonly byte[] Frames = SnapshotMessages.Stream(Snapshot, blobBytes: 1000);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 100)]
    [InlineData(1024, 13)]
    [InlineData(100_000, 100_000)]
    public async Task The_whole_snapshot_comes_out_whatever_the_sizes_of_pieces(int arrivingBytes, int readBytes)
    {
        await using SnapshotStream stream = await OpenAsync(Frames, arrivingBytes);
        using MemoryStream copy = new();

        await stream.CopyToAsync(copy, readBytes);

        Assert.Equal(Snapshot.Length, stream.SizeBytes);
        Assert.Equal(Snapshot, copy.ToArray());
    }

    [Fact]
    public async Task A_status_other_than_ok_after_all_bytes_is_found_by_the_read_that_takes_the_last_byte()
    {
        await using SnapshotStream stream = await OpenAsync(Frames, arrivingBytes: 512, status: "14");

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            async () => await stream.ReadExactlyAsync(new byte[Snapshot.Length]));

        Assert.Equal(FailureReason.SnapshotBroken, e.Reason);
        Assert.Contains("gRPC status Unavailable", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_byte_of_the_database_is_found()
    {
        byte[] damaged = [.. Snapshot];
        damaged[2000] ^= 1;

        BackupException e = await ReadFailsAsync(SnapshotMessages.Stream(damaged, blobBytes: 1000));

        Assert.Equal(
            "http://peer:2379: the snapshot stream does not match its own SHA-256, after 4128 of 4128 bytes.", e.Message);
    }

    [Fact]
    public async Task A_stream_without_its_trailer_is_found()
    {
        byte[] cut = SnapshotMessages.Stream(Snapshot, blobBytes: 1000)[..^Trailer().Length];

        BackupException e = await ReadFailsAsync(cut);

        Assert.Equal("http://peer:2379: the snapshot stream ended early, after 4096 of 4128 bytes.", e.Message);
    }

    [Fact]
    public async Task A_size_other_than_announced_is_found()
    {
        byte[] longer = [.. SnapshotMessages.Frame(remainingBytes: 512, Snapshot[..512]), .. Trailer(), .. Frames];

        BackupException e = await ReadFailsAsync(longer);

        Assert.Contains("sent more than it announced", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_after_the_trailer_are_found()
    {
        byte[] longer = [.. Frames, .. SnapshotMessages.Frame(remainingBytes: 0, [1])];

        BackupException e = await ReadFailsAsync(longer);

        Assert.Contains("sent more than it announced", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_an_odd_size_has_no_trailer()
    {
        BackupException e = await ReadFailsAsync(SnapshotMessages.Stream(SnapshotMessages.Snapshot(1000), blobBytes: 400));

        Assert.Contains("has a size that is not that of a database and its SHA-256", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cut_at_any_position_is_found()
    {
        byte[] small = SnapshotMessages.Stream(SnapshotMessages.Snapshot(512), blobBytes: 512);
        int firstFrameBytes = small.Length - Trailer().Length;
        for (int position = firstFrameBytes; position < small.Length; position++)
        {
            BackupException e = await ReadFailsAsync(small[..position]);

            Assert.Equal(FailureReason.SnapshotBroken, e.Reason);
        }
    }

    [Fact]
    public async Task A_message_over_the_limit_is_refused_without_being_read()
    {
        byte[] huge = [.. Frames[..^Trailer().Length], 0, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3];

        BackupException e = await ReadFailsAsync(huge);

        Assert.Contains("a message of 2147483647 bytes is over the limit", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_announced_size_that_no_file_can_have_is_refused() =>
        await Assert.ThrowsAsync<GrpcException>(
            () => OpenAsync(SnapshotMessages.Frame(ulong.MaxValue, [1, 2]), arrivingBytes: 100));

    [Fact]
    public void Hostile_bytes_never_end_in_anything_but_a_failure_that_says_so() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            ArbMap.Default.ArbFor<PositiveInt>(),
            (bytes, arrivingBytes) => IsRefusedAsync([.. Frames[..1100], .. bytes], arrivingBytes.Get).GetAwaiter().GetResult()
                && IsRefusedAsync(SnapshotMessages.Frame(bytes), arrivingBytes.Get).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static byte[] Trailer() => SnapshotMessages.Frame(remainingBytes: 0, Snapshot[^32..]);

    private static async Task<bool> IsRefusedAsync(byte[] frames, int arrivingBytes)
    {
        try
        {
            await using SnapshotStream stream = await OpenAsync(frames, arrivingBytes);
            await stream.CopyToAsync(Stream.Null);
            return false;
        }
        catch (Exception e) when (e is GrpcException or BackupException { Reason: FailureReason.SnapshotBroken })
        {
            return true;
        }
    }

    private static async Task<BackupException> ReadFailsAsync(byte[] frames)
    {
        await using SnapshotStream stream = await OpenAsync(frames, arrivingBytes: 777);
        return await Assert.ThrowsAsync<BackupException>(() => stream.CopyToAsync(Stream.Null));
    }

    private static async Task<SnapshotStream> OpenAsync(byte[] frames, int arrivingBytes, string status = "0")
    {
        HttpResponseMessage response = new();
        response.TrailingHeaders.Add("grpc-status", status);
        return await SnapshotStream.OpenAsync(
            "http://peer:2379",
            new GrpcAnswer(response, new PiecewiseStream(frames, arrivingBytes)),
            connection: response,
            noProgressTimeout: TimeSpan.FromMinutes(1),
            TimeProvider.System,
            CancellationToken.None);
    }

    /// <summary>Gives at most so many bytes a read, as a network does.</summary>
    private sealed class PiecewiseStream(byte[] bytes, int pieceBytes) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceBytes)], cancellationToken);
    }
}
