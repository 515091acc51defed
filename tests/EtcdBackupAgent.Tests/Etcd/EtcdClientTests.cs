using System.Net;
using System.Net.Sockets;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Streaming;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd;

public sealed class EtcdClientTests
{
    private const string Status = "Maintenance/Status";
    private const string Snapshot = "Maintenance/Snapshot";

    private static readonly TimeSpan ShortTimeout = TimeSpan.FromMilliseconds(300);

    private static readonly byte[] StatusFrame =
        SnapshotMessages.Frame(new StatusResponse { Version = "3.5.30", Leader = 7 });

    [Fact]
    public async Task A_unary_call_has_the_headers_and_the_body_of_the_protocol()
    {
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        byte[] body = [];
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, async context =>
        {
            foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in context.Request.Headers)
            {
                headers[name] = value.ToString();
            }

            using MemoryStream copy = new();
            await context.Request.Body.CopyToAsync(copy);
            body = copy.ToArray();
            await FakeEtcd.Frames(StatusFrame)(context);
        }
        ));
        using EtcdClient client = Client(etcd);

        StatusResponse status = await client.StatusAsync(CancellationToken.None);

        Assert.Equal("3.5.30", status.Version);
        Assert.Equal("application/grpc", headers["content-type"]);
        Assert.Equal("trailers", headers["te"]);
        // A compressed message could become larger than the limit on messages.
        Assert.Equal("identity", headers["grpc-accept-encoding"].TrimEnd(','));
        Assert.Equal([0, 0, 0, 0, 0], body);
    }

    [Fact]
    public async Task A_user_authenticates_once_and_every_call_has_the_token()
    {
        List<string?> tokens = [];
        int authentications = 0;
        await using FakeEtcd etcd = await FakeEtcd.StartAsync(
            ("Auth/Authenticate", context =>
            {
                authentications++;
                return FakeEtcd.Frames(SnapshotMessages.Frame(new AuthenticateResponse { Token = "t.1" }))(context);
            }
        ),
            (Status, context =>
            {
                tokens.Add(context.Request.Headers["token"]);
                return FakeEtcd.Frames(StatusFrame)(context);
            }
        ));
        using EtcdClient client = new(
            Connection(etcd) with { User = "root", Password = "any" }, etcd.Endpoint, TimeProvider.System);

        await client.StatusAsync(CancellationToken.None);
        await client.StatusAsync(CancellationToken.None);

        Assert.Equal(1, authentications);
        Assert.Equal(["t.1", "t.1"], tokens);
    }

    [Theory]
    [InlineData(7, "etcdserver%3A permission denied", FailureReason.EtcdDenied, "etcdserver: permission denied")]
    [InlineData(16, "etcdserver: invalid auth token", FailureReason.EtcdFailed, "etcdserver: invalid auth token")]
    [InlineData(3, "etcdserver: user name is empty", FailureReason.EtcdDenied, "etcdserver: user name is empty")]
    [InlineData(14, "etcdserver: no leader", FailureReason.EtcdUnreachable, "etcdserver: no leader")]
    [InlineData(4, "etcdserver: request timed out", FailureReason.EtcdUnreachable, "etcdserver: request timed out")]
    [InlineData(12, "unknown service", FailureReason.EtcdFailed, "unknown service (gRPC status Unimplemented)")]
    [InlineData(13, "", FailureReason.EtcdFailed, "the server sent no message (gRPC status Internal)")]
    [InlineData(13, "%E2%82%AC%20uro", FailureReason.EtcdFailed, "€ uro (gRPC status Internal)")]
    [InlineData(13, "two%0D%0Alines%1B[31m", FailureReason.EtcdFailed, "two  lines [31m (gRPC status Internal)")]
    [InlineData(17, "beyond", FailureReason.EtcdFailed, "beyond (gRPC status 17)")]
    public async Task An_error_has_the_same_message_in_headers_and_in_trailers(
        int status, string message, FailureReason reason, string why)
    {
        foreach (RequestDelegate response in
            (RequestDelegate[])[FakeEtcd.TrailersOnly(status, message), FakeEtcd.Frames([], status, message)])
        {
            await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, response));

            BackupException e = await StatusFailsAsync(etcd);

            Assert.Equal(reason, e.Reason);
            Assert.StartsWith(
                $"http://127.0.0.1:{etcd.Endpoint.Port}: Maintenance/Status failed: ",
                e.Message,
                StringComparison.Ordinal);
            Assert.EndsWith($"{why}.", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_long_message_is_truncated()
    {
        await using FakeEtcd etcd =
            await FakeEtcd.StartAsync((Status, FakeEtcd.TrailersOnly(14, new string('x', 10_000))));

        BackupException e = await StatusFailsAsync(etcd);

        Assert.EndsWith($" failed: {new string('x', 500)}….", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("OK")]
    [InlineData("-1")]
    [InlineData(null)]
    public async Task A_status_that_is_missing_or_not_a_number_is_a_failure(string? status)
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, FakeEtcd.Frames(StatusFrame, status)));

        BackupException e = await StatusFailsAsync(etcd);

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
    }

    [Fact]
    public async Task An_ok_status_without_a_message_is_a_failure()
    {
        foreach (RequestDelegate response in (RequestDelegate[])[FakeEtcd.TrailersOnly(0, ""), FakeEtcd.Frames([])])
        {
            await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, response));

            BackupException e = await StatusFailsAsync(etcd);

            Assert.Equal(FailureReason.EtcdFailed, e.Reason);
            Assert.Contains(" failed: Failed to deserialize response message", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(400, FailureReason.EtcdFailed, "HTTP status code: 400 (gRPC status Internal)")]
    [InlineData(401, FailureReason.EtcdDenied, "HTTP status code: 401")]
    [InlineData(403, FailureReason.EtcdDenied, "HTTP status code: 403")]
    [InlineData(404, FailureReason.EtcdFailed, "HTTP status code: 404 (gRPC status Unimplemented)")]
    [InlineData(429, FailureReason.EtcdUnreachable, "HTTP status code: 429")]
    [InlineData(500, FailureReason.EtcdFailed, "HTTP status code: 500 (gRPC status Unknown)")]
    [InlineData(502, FailureReason.EtcdUnreachable, "HTTP status code: 502")]
    [InlineData(503, FailureReason.EtcdUnreachable, "HTTP status code: 503")]
    [InlineData(504, FailureReason.EtcdUnreachable, "HTTP status code: 504")]
    [InlineData(200, FailureReason.EtcdFailed, "Invalid content-type value: text/html (gRPC status Cancelled)")]
    public async Task The_response_of_another_server_is_reported(int status, FailureReason reason, string why)
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, FakeEtcd.Http(status)));

        BackupException e = await StatusFailsAsync(etcd);

        Assert.Equal(reason, e.Reason);
        Assert.EndsWith($"{why}.", e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<byte[], string> BadFrames => new()
    {
        { [1, 0, 0, 0, 0], "'identity' grpc-encoding value with compressed message" },
        { [2, 0, 0, 0, 0], "the response is damaged: Unexpected compressed flag value" },
        { [0, 0x40, 0, 0, 1, 1], "exceeds the maximum configured message size" },
        { [0, 0xFF, 0xFF, 0xFF, 0xFF, 1], "the response is damaged: Message too large" },
        { [0, 0, 0, 0, 9, 1], "the response is damaged: Unexpected end of content" },
        { [0, 0, 0], "the response is damaged: Unexpected end of content" },
        { [.. StatusFrame, .. StatusFrame], "the response is damaged: Unexpected data" },
        { SnapshotMessages.Frame([0x12, 0x7F]), "the response is damaged: While parsing a protocol message" },
    };

    [Theory]
    [MemberData(nameof(BadFrames))]
    public async Task A_damaged_response_is_reported_with_the_error(byte[] frames, string why)
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, FakeEtcd.Frames(frames)));

        BackupException e = await StatusFailsAsync(etcd);

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_message_is_refused_because_its_size_is_unknown()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, context =>
        {
            context.Response.Headers["grpc-encoding"] = "gzip";
            return FakeEtcd.Frames([1, .. StatusFrame[1..]])(context);
        }
        ));

        BackupException e = await StatusFailsAsync(etcd);

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.Contains("Unsupported grpc-encoding value 'gzip'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_without_a_response_ends_at_the_deadline()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, FakeEtcd.Stall([])));
        using EtcdClient client = new(
            Connection(etcd) with { CallTimeout = TimeSpan.FromMilliseconds(200) }, etcd.Endpoint, TimeProvider.System);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => client.StatusAsync(CancellationToken.None));

        Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
        Assert.EndsWith("no response within 0.2 s.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http", "no response within 0.6 s")]
    [InlineData("https", "connecting timed out")]
    public async Task A_server_that_sends_nothing_times_out(string scheme, string why)
    {
        using TcpListener silent = new(IPAddress.Loopback, port: 0);
        silent.Start();
        Uri endpoint = new UriBuilder(scheme, "127.0.0.1", ((IPEndPoint)silent.LocalEndpoint).Port).Uri;
        EtcdConnection connection = new()
        {
            Endpoints = [endpoint],
            ConnectTimeout = TimeSpan.FromMilliseconds(200),
            CallTimeout = TimeSpan.FromMilliseconds(600),
        };
        using EtcdClient client = new(connection, endpoint, TimeProvider.System);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => client.StatusAsync(CancellationToken.None));

        Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
        Assert.EndsWith($"{why}.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancellation_is_not_a_failure()
    {
        using CancellationTokenSource cancelled = new();
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, async context =>
        {
            await cancelled.CancelAsync();
            await FakeEtcd.Stall([])(context);
        }
        ));
        using EtcdClient client = Client(etcd);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.StatusAsync(cancelled.Token));
    }

    [Fact]
    public async Task A_snapshot_is_received_completely()
    {
        byte[] snapshot = SnapshotMessages.Snapshot(2000 * 512);
        await using FakeEtcd etcd = await FakeEtcd.StartAsync(
            (Snapshot, FakeEtcd.Frames(SnapshotMessages.Stream(snapshot, blobBytes: 32 * 1024))));
        await using SnapshotStream stream = await Client(etcd).SnapshotAsync(CancellationToken.None);
        using MemoryStream copy = new();

        await stream.CopyToAsync(copy);

        Assert.Equal(snapshot.Length, stream.SizeBytes);
        Assert.Equal(snapshot, copy.ToArray());
    }

    [Fact]
    public async Task A_denied_snapshot_is_not_reported_as_broken()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync(
            (Snapshot, FakeEtcd.TrailersOnly(7, "etcdserver: permission denied")));
        using EtcdClient client = Client(etcd);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            client.SnapshotAsync(CancellationToken.None));

        Assert.Equal(FailureReason.EtcdDenied, e.Reason);
        Assert.Equal("etcd serves snapshots only to users with the role root.", e.Hint);
    }

    [Fact]
    public async Task A_snapshot_that_makes_no_progress_is_broken()
    {
        byte[] first = SnapshotMessages.Frame(remainingBytes: 1024, new byte[512]);
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Snapshot, FakeEtcd.Stall(first)));
        ManualTime time = new(TimeProvider.System.GetUtcNow());
        await using SnapshotStream stream = await ClientWithShortTimeout(etcd, time)
            .SnapshotAsync(CancellationToken.None);
        await stream.ReadExactlyAsync(new byte[512]);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => ReadUntilTimeoutAsync(stream, time));

        Assert.Equal(FailureReason.SnapshotBroken, e.Reason);
        Assert.EndsWith(
            "the snapshot stream made no progress for 0.3 s, after 512 of 1568 bytes.",
            e.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_without_bytes_of_the_database_do_not_count_as_progress()
    {
        byte[] empty = SnapshotMessages.Frame(remainingBytes: 1024, []);
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Snapshot, async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(SnapshotMessages.Frame(remainingBytes: 1024, new byte[512]));
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(empty, context.RequestAborted);
            }
        }
        ));
        ManualTime time = new(TimeProvider.System.GetUtcNow());
        await using SnapshotStream stream = await ClientWithShortTimeout(etcd, time)
            .SnapshotAsync(CancellationToken.None);
        await stream.ReadExactlyAsync(new byte[512]);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => ReadUntilTimeoutAsync(stream, time));

        Assert.Contains("made no progress for 0.3 s", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_without_a_first_message_times_out()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Snapshot, FakeEtcd.Stall([0, 0])));
        using EtcdClient client = ClientWithShortTimeout(etcd);

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            client.SnapshotAsync(CancellationToken.None));

        Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
        Assert.EndsWith("no message within 0.3 s.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_connection_breaks_the_snapshot()
    {
        byte[] first = SnapshotMessages.Frame(remainingBytes: 1024, new byte[512]);
        TaskCompletionSource read = new();
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Snapshot, async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(first);
            await context.Response.Body.FlushAsync();
            await read.Task;
            context.Abort();
        }
        ));
        await using SnapshotStream stream = await Client(etcd).SnapshotAsync(CancellationToken.None);
        await stream.ReadExactlyAsync(new byte[512]);
        read.SetResult();

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => stream.CopyToAsync(System.IO.Stream.Null));

        Assert.Equal(FailureReason.SnapshotBroken, e.Reason);
        Assert.Contains("broke off", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("after 512 of 1568 bytes.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_a_read_is_not_a_failure()
    {
        byte[] first = SnapshotMessages.Frame(remainingBytes: 1024, new byte[512]);
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Snapshot, FakeEtcd.Stall(first)));
        await using SnapshotStream stream = await Client(etcd).SnapshotAsync(CancellationToken.None);
        await stream.ReadExactlyAsync(new byte[512]);
        using CancellationTokenSource cancelled = new();

        Task<int> read = stream.ReadAsync(new byte[512], cancelled.Token).AsTask();
        await cancelled.CancelAsync();

        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.Equal(cancelled.Token, e.CancellationToken);
    }

    private static async Task<BackupException> StatusFailsAsync(FakeEtcd etcd)
    {
        using EtcdClient client = Client(etcd);
        return await Assert.ThrowsAsync<BackupException>(() => client.StatusAsync(CancellationToken.None));
    }

    private static EtcdConnection Connection(FakeEtcd etcd) => new() { Endpoints = [etcd.Endpoint] };

    private static EtcdClient Client(FakeEtcd etcd) => new(Connection(etcd), etcd.Endpoint, TimeProvider.System);

    /// <summary>Reads the rest, and advances the clock until the read ends.</summary>
    private static async Task ReadUntilTimeoutAsync(SnapshotStream stream, ManualTime time)
    {
        // On a thread of its own: if messages arrive without end, a read never waits.
        Task reading = Task.Run(() => stream.CopyToAsync(System.IO.Stream.Null));
        await TestDeadline.UntilAsync("the read to end", () =>
        {
            time.Advance(ShortTimeout);
            return Task.FromResult(reading.IsCompleted);
        });
        await reading;
    }

    private static EtcdClient ClientWithShortTimeout(FakeEtcd etcd, TimeProvider? time = null) => new(
        Connection(etcd) with { NoProgressTimeout = ShortTimeout }, etcd.Endpoint, time ?? TimeProvider.System);
}
