using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Streaming;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Streaming;

/// <summary>The possible responses to a snapshot call, over HTTP/2.</summary>
public sealed class SnapshotStreamTests : IAsyncLifetime
{
    private static readonly byte[] Snapshot = SnapshotMessages.Snapshot(8 * 512);
    private static readonly byte[] Frames = SnapshotMessages.Stream(Snapshot, blobBytes: 1000);

    private FakeEtcd _etcd = null!;
    private RequestDelegate _response = FakeEtcd.Frames(Frames);

    public async Task InitializeAsync() =>
        _etcd = await FakeEtcd.StartAsync(("Maintenance/Snapshot", context => _response(context)));

    public async Task DisposeAsync() => await _etcd.DisposeAsync();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 100)]
    [InlineData(1024, 13)]
    [InlineData(100_000, 100_000)]
    public async Task The_whole_snapshot_is_read_with_any_size_of_pieces(int arrivingBytes, int readBytes)
    {
        _response = FakeEtcd.Pieces(Frames, arrivingBytes);
        await using SnapshotStream stream = await OpenAsync();
        using MemoryStream copy = new();

        await stream.CopyToAsync(copy, readBytes);

        Assert.Equal(Snapshot.Length, stream.SizeBytes);
        Assert.Equal(Snapshot, copy.ToArray());
    }

    [Fact]
    public async Task Messages_larger_than_those_of_etcd_are_read_up_to_the_limit()
    {
        const int BlobBytes = (4 * 1024 * 1024) - 512;
        byte[] snapshot = SnapshotMessages.Snapshot(3 * BlobBytes);
        _response = FakeEtcd.Frames(SnapshotMessages.Stream(snapshot, BlobBytes));
        await using SnapshotStream stream = await OpenAsync();
        using MemoryStream copy = new();

        await stream.CopyToAsync(copy);

        Assert.Equal(snapshot, copy.ToArray());
    }

    [Fact]
    public async Task Other_fields_and_another_order_do_not_matter()
    {
        byte[] snapshot = SnapshotMessages.Snapshot(2 * 512);
        _response = FakeEtcd.Frames(
        [
            // Field 7 as a varint, 64 bits and 32 bits; remaining_bytes after the blob.
            .. SnapshotMessages.Frame(
            [
                0x38, 1, 0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x3D, 1, 2, 3, 4,
                .. new SnapshotResponse { Blob = ByteString.CopyFrom(snapshot[..512]) }.ToByteArray(),
                .. new SnapshotResponse { RemainingBytes = 512 }.ToByteArray(),
            ]),
            // An empty message, as proto3 writes one without a blob.
            .. SnapshotMessages.Frame(Array.Empty<byte>()),
            // Field 7 as bytes, none and two.
            .. SnapshotMessages.Frame(
            [
                0x3A, 0,
                .. new SnapshotResponse { Blob = ByteString.CopyFrom(snapshot[512..1024]) }.ToByteArray(),
                0x3A, 2, 1, 2,
            ]),
            .. SnapshotMessages.Frame(remainingBytes: 0, snapshot[1024..]),
        ]);
        await using SnapshotStream stream = await OpenAsync();
        using MemoryStream copy = new();

        await stream.CopyToAsync(copy);

        Assert.Equal(snapshot.Length, stream.SizeBytes);
        Assert.Equal(snapshot, copy.ToArray());
    }

    [Theory]
    [InlineData(new byte[] { 0x1A, 0x05, 0xCC }, "field 3 reaches past its end")]
    [InlineData(new byte[] { 0x10 }, "it ends inside a number")]
    [InlineData(new byte[] { 0x10, 0x80 }, "it ends inside a number")]
    [InlineData(new byte[] { 0x18, 0x01 }, "field 3 has the wrong wire type 0")]
    [InlineData(new byte[] { 0x12, 0x00 }, "field 2 has the wrong wire type 2")]
    [InlineData(new byte[] { 0x3F, 0x01 }, "field 7 has the invalid wire type 7")]
    [InlineData(new byte[] { 0x00, 0x01 }, "a field has an invalid number")]
    [InlineData(new byte[] { 0x39, 1, 2, 3 }, "field 7 reaches past its end")]
    [InlineData(
        new byte[] { 0x10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, "a number is too long")]
    public async Task A_damaged_message_is_refused_with_what_is_wrong(byte[] message, string why)
    {
        _response = FakeEtcd.Frames(SnapshotMessages.Frame(message));
        BackupException first = await Assert.ThrowsAsync<BackupException>(OpenAsync);

        BackupException later = await ReadFailsAsync(
            [.. SnapshotMessages.Frame(512, Snapshot[..512]), .. SnapshotMessages.Frame(message)]);

        Assert.Equal(FailureReason.EtcdFailed, first.Reason);
        Assert.Equal($"{Endpoint}: Maintenance/Snapshot failed: the response is damaged: {why}.", first.Message);
        Assert.Equal(
            $"{Endpoint}: the snapshot stream failed: the response is damaged: {why}, after 512 of 1056 bytes.",
            later.Message);
    }

    [Fact]
    public async Task The_read_of_the_last_byte_detects_a_status_other_than_ok()
    {
        _response = FakeEtcd.Frames(Frames, status: 14);
        await using SnapshotStream stream = await OpenAsync();

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            async () => await stream.ReadExactlyAsync(new byte[Snapshot.Length]));

        Assert.Equal(FailureReason.SnapshotBroken, e.Reason);
        Assert.Contains("gRPC status Unavailable", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_read_of_the_last_byte_detects_a_missing_status()
    {
        _response = FakeEtcd.Frames(Frames, status: null);
        await using SnapshotStream stream = await OpenAsync();

        BackupException e = await Assert.ThrowsAsync<BackupException>(
            async () => await stream.ReadExactlyAsync(new byte[Snapshot.Length]));

        Assert.Equal(FailureReason.SnapshotBroken, e.Reason);
        Assert.Contains(
            "the snapshot stream failed: No grpc-status found on response", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_without_a_message_is_not_a_snapshot()
    {
        _response = FakeEtcd.Frames([]);

        BackupException e = await Assert.ThrowsAsync<BackupException>(OpenAsync);

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.Contains("the snapshot stream ended before its first message", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_byte_of_the_database_is_detected()
    {
        byte[] damaged = [.. Snapshot];
        damaged[2000] ^= 1;

        BackupException e = await ReadFailsAsync(SnapshotMessages.Stream(damaged, blobBytes: 1000));

        Assert.Equal(
            $"{Endpoint}: the snapshot stream does not match its own SHA-256, after 4128 of 4128 bytes.", e.Message);
    }

    [Fact]
    public async Task A_missing_trailer_is_detected()
    {
        byte[] cut = SnapshotMessages.Stream(Snapshot, blobBytes: 1000)[..^Trailer().Length];

        BackupException e = await ReadFailsAsync(cut);

        Assert.Equal($"{Endpoint}: the snapshot stream ended early, after 4096 of 4128 bytes.", e.Message);
    }

    [Fact]
    public async Task More_bytes_than_announced_are_detected()
    {
        byte[] longer = [.. SnapshotMessages.Frame(remainingBytes: 512, Snapshot[..512]), .. Trailer(), .. Frames];

        BackupException e = await ReadFailsAsync(longer);

        Assert.Contains("sent more than it announced", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_after_the_trailer_are_detected()
    {
        byte[] longer = [.. Frames, .. SnapshotMessages.Frame(remainingBytes: 0, [1])];

        BackupException e = await ReadFailsAsync(longer);

        Assert.Contains("sent more than it announced", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_an_odd_size_has_no_trailer()
    {
        BackupException e =
            await ReadFailsAsync(SnapshotMessages.Stream(SnapshotMessages.Snapshot(1000), blobBytes: 400));

        Assert.Contains(
            "does not have the size of a database and its SHA-256", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_truncated_stream_is_detected_at_any_position()
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

        Assert.Contains("message exceeds the maximum configured message size", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_announced_size_that_no_file_can_have_is_refused()
    {
        _response = FakeEtcd.Frames(SnapshotMessages.Frame(ulong.MaxValue, [1, 2]));

        BackupException e = await Assert.ThrowsAsync<BackupException>(OpenAsync);

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.Contains("the snapshot announces 18446744073709551615 bytes", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Arbitrary_bytes_always_end_in_a_failure_with_a_reason() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<byte[]>(),
            bytes => IsRefusedAsync([.. Frames[..1100], .. bytes]).GetAwaiter().GetResult()
                && IsRefusedAsync(bytes).GetAwaiter().GetResult()
                && IsRefusedAsync(SnapshotMessages.Frame(bytes)).GetAwaiter().GetResult())
        .Check(Config.QuickThrowOnFailure.WithMaxTest(100));

    private static byte[] Trailer() => SnapshotMessages.Frame(remainingBytes: 0, Snapshot[^32..]);

    private string Endpoint => EtcdEndpoints.Display(_etcd.Endpoint);

    private async Task<bool> IsRefusedAsync(byte[] frames)
    {
        _response = FakeEtcd.Frames(frames);
        try
        {
            await using SnapshotStream stream = await OpenAsync();
            await stream.CopyToAsync(Stream.Null);
            return false;
        }
        catch (BackupException e) when (e.Reason is FailureReason.EtcdFailed or FailureReason.SnapshotBroken)
        {
            return true;
        }
    }

    private async Task<BackupException> ReadFailsAsync(byte[] frames)
    {
        _response = FakeEtcd.Frames(frames);
        await using SnapshotStream stream = await OpenAsync();
        return await Assert.ThrowsAsync<BackupException>(() => stream.CopyToAsync(Stream.Null));
    }

    private async Task<SnapshotStream> OpenAsync()
    {
        EtcdConnection connection = new() { Endpoints = [_etcd.Endpoint] };
        EtcdClient client = new(connection, _etcd.Endpoint, TimeProvider.System);
        try
        {
            return await client.SnapshotAsync(CancellationToken.None);
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }
}
