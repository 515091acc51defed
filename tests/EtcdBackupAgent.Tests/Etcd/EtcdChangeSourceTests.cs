using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Testing.Time;
using EtcdBackupAgent.Tests.Etcd.Watching;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd;

/// <summary>Which member is chosen, and what each response of it means.</summary>
public sealed class EtcdChangeSourceTests
{
    private const string Status = "Maintenance/Status";
    private const string Range = "KV/Range";
    private const string Watch = "Watch/Watch";
    private const ulong OtherId = 8;
    private const int Unavailable = 14;

    private static readonly RequestDelegate Readable = RangeAt(revision: 100);

    [Fact]
    public async Task The_request_asks_for_all_keys_in_fragments_from_a_member_with_a_leader()
    {
        WatchRequest? request = null;
        string metadata = "";
        await using FakeEtcd etcd = await StartAsync((Watch, async context =>
        {
            metadata = $"{context.Request.Headers["hasleader"]} {context.Request.Headers["token"]}";
            byte[] head = new byte[5];
            await context.Request.Body.ReadExactlyAsync(head);
            byte[] message = new byte[head[4]];
            await context.Request.Body.ReadExactlyAsync(message);
            request = WatchRequest.Parser.ParseFrom(message);
            await FakeEtcd.Stall(Frames(WatchMessages.Created(), WatchMessages.Events(5, 5, -6)))(context);
        }
        ), ("Auth/Authenticate", FakeEtcd.Frames(SnapshotMessages.Frame(new AuthenticateResponse { Token = "t.1" }))));
        await using IWatchedMember member =
            await ConnectAsync(Connection(etcd) with { User = "root", Password = "any" });

        await using IAsyncEnumerator<ChangeBatch> changes = Changes(member, fromRevision: 5);
        Assert.True(await changes.MoveNextAsync());

        Assert.Equal("true t.1", metadata);
        Assert.Equal(
            new WatchCreateRequest
            {
                Key = Google.Protobuf.ByteString.CopyFrom(0),
                RangeEnd = Google.Protobuf.ByteString.CopyFrom(0),
                StartRevision = 5,
                Fragment = true,
            },
            request!.CreateRequest);
        Assert.Equal(
            [(5, 0, false), (5, 1, false), (6, 0, true)],
            changes.Current.Records.Select(record => (record.Main, record.Sub, record.IsTombstone)));
        Assert.Equal((6, false), (changes.Current.HeaderRevision, changes.Current.IsFragment));
        Assert.Equal(
            (EtcdEndpoints.Display(etcd.Endpoint), "1", "7", "3.5.30", 100),
            (member.Endpoint, member.ClusterId.ToString(), member.MemberId.ToString(), member.Version, member.Head));
    }

    [Fact]
    public async Task A_response_can_have_some_dozens_of_megabytes_and_not_more()
    {
        WatchResponse large = WatchMessages.Events(5);
        large.Events[0].Kv = WatchMessages.KeyValue(5, valueBytes: 50_000_000);
        byte[] beyond = [0, .. BigEndian(EtcdConnection.WatchMessageBytesMax + 1)];
        await using FakeEtcd etcd = await StartAsync(
            (Watch, FakeEtcd.Stall([.. Frames(WatchMessages.Created(), large), .. beyond])));
        await using IWatchedMember member = await ConnectAsync(Connection(etcd));
        await using IAsyncEnumerator<ChangeBatch> changes = Changes(member, fromRevision: 5);
        Assert.True(await changes.MoveNextAsync());
        Assert.True(changes.Current.Records[0].Value.Length > 50_000_000);

        BackupException e = await Assert.ThrowsAsync<BackupException>(async () => await changes.MoveNextAsync());

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.Contains("exceeds the maximum configured message size", e.Message, StringComparison.Ordinal);
    }

    public static TheoryData<byte[], FailureReason, string> Ends => new()
    {
        { Frames(), FailureReason.EtcdFailed, "Watch/Watch failed: the member ended the watch" },
        {
            Frames(WatchMessages.Events(5)),
            FailureReason.EtcdFailed,
            "Watch/Watch failed: the first response does not confirm the watch"
        },
        { Frames(WatchMessages.Created()), FailureReason.EtcdFailed, "Watch/Watch failed: the member ended the watch" },
        { Frames(new WatchResponse { Created = true }), FailureReason.EtcdFailed, "Watch/Watch returned no header" },
        {
            Frames(
                WatchMessages.Created(),
                new WatchResponse { Header = new ResponseHeader { ClusterId = 1, MemberId = 9 } }),
            FailureReason.EtcdFailed,
            "member 9 of cluster 1 responded to Watch/Watch instead of member 7 of cluster 1"
        },
        {
            Frames(Canceled("etcdserver: permission denied")),
            FailureReason.EtcdDenied,
            "Watch/Watch was canceled by the member: etcdserver: permission denied"
        },
        {
            Frames(WatchMessages.Created(), Canceled("etcdserver:\nanother reason.")),
            FailureReason.EtcdFailed,
            "Watch/Watch was canceled by the member: etcdserver: another reason"
        },
        {
            Frames(WatchMessages.Created(), WatchMessages.Events(5), WatchMessages.Events(4)),
            FailureReason.EtcdFailed,
            "Watch/Watch returned a damaged event after revision 5: revision 4 follows the end of revision 5"
        },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task A_watch_that_ends_is_a_failure_with_the_reason(
        byte[] responses, FailureReason reason, string why)
    {
        await using FakeEtcd etcd = await StartAsync((Watch, FakeEtcd.Frames(responses)));

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => WatchToEndAsync(etcd));

        Assert.Equal(reason, e.Reason);
        Assert.Equal($"{EtcdEndpoints.Display(etcd.Endpoint)}: {why}.", e.Message);
    }

    [Fact]
    public async Task A_status_other_than_ok_is_the_reason_of_the_end()
    {
        foreach (RequestDelegate response in (RequestDelegate[])[
            FakeEtcd.TrailersOnly(Unavailable, "etcdserver: no leader"),
            FakeEtcd.Frames(Frames(WatchMessages.Created()), Unavailable, "etcdserver: no leader")])
        {
            await using FakeEtcd etcd = await StartAsync((Watch, response));

            BackupException e = await Assert.ThrowsAsync<BackupException>(() => WatchToEndAsync(etcd));

            Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
            Assert.EndsWith("Watch/Watch failed: etcdserver: no leader.", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(7, false)]
    public async Task A_compacted_revision_has_its_own_exception(long missing, bool isFirst)
    {
        WatchResponse compacted = Canceled("etcdserver: mvcc: required revision has been compacted");
        compacted.CompactRevision = 50;
        WatchResponse[] before =
            isFirst ? [WatchMessages.Created()] : [WatchMessages.Created(), WatchMessages.Events(5, 6)];
        await using FakeEtcd etcd = await StartAsync((Watch, FakeEtcd.Frames(Frames([.. before, compacted]))));

        CompactedException e = await Assert.ThrowsAsync<CompactedException>(() => WatchToEndAsync(etcd));

        Assert.Equal(50, e.CompactRevision);
        Assert.Equal(
            $"{EtcdEndpoints.Display(etcd.Endpoint)}: revision {missing} has been compacted: "
            + "etcd has compacted up to 50",
            e.Message);
    }

    [Fact]
    public async Task A_watch_that_is_not_confirmed_ends_at_the_deadline()
    {
        await using FakeEtcd etcd = await StartAsync((Watch, FakeEtcd.Stall([])));
        EtcdConnection connection = Connection(etcd) with { CallTimeout = TimeSpan.FromMilliseconds(300) };

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => WatchToEndAsync(connection));

        Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
        Assert.EndsWith("Watch/Watch failed: no response within 0.3 s.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_confirmed_watch_may_be_silent_for_longer_than_the_deadline()
    {
        TaskCompletionSource later = new();
        await using FakeEtcd etcd = await StartAsync((Watch, async context =>
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(Frames(WatchMessages.Created(), WatchMessages.Events(5)));
            await context.Response.Body.FlushAsync();
            await later.Task;
            await context.Response.Body.WriteAsync(Frames(WatchMessages.Events(6)));
        }
        ));
        ManualTime time = new(TimeProvider.System.GetUtcNow());
        await using IWatchedMember member = await ConnectAsync(Connection(etcd), time);
        await using IAsyncEnumerator<ChangeBatch> changes = Changes(member, fromRevision: 5);
        Assert.True(await changes.MoveNextAsync());

        time.Advance(TimeSpan.FromDays(1));
        later.SetResult();

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(6, changes.Current.HeaderRevision);
    }

    [Fact]
    public async Task Cancelling_and_disposing_end_the_watch()
    {
        await using FakeEtcd etcd = await StartAsync((Watch, FakeEtcd.Stall(Frames(WatchMessages.Created()))));
        using CancellationTokenSource cancellation = new();
        await using IWatchedMember cancelled = await ConnectAsync(Connection(etcd));
        await using IAsyncEnumerator<ChangeBatch> changes =
            cancelled.WatchAsync(5, cancellation.Token).Skip(1).GetAsyncEnumerator(CancellationToken.None);
        Task<bool> next = changes.MoveNextAsync().AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(TestDeadline.Patience));

        IWatchedMember disposed = await ConnectAsync(Connection(etcd));
        await using IAsyncEnumerator<ChangeBatch> others = Changes(disposed, fromRevision: 5);
        next = others.MoveNextAsync().AsTask();

        await disposed.DisposeAsync();

        BackupException e =
            await Assert.ThrowsAsync<BackupException>(() => next.WaitAsync(TestDeadline.Patience));
        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
    }

    [Fact]
    public async Task The_responses_of_another_member_are_refused()
    {
        int reads = 0;
        await using FakeEtcd etcd = await StartAsync(
            (Range, context => RangeAt(100, member: reads++ == 0 ? WatchMessages.MemberId : OtherId)(context)),
            ("Lease/LeaseTimeToLive", FakeEtcd.Frames(SnapshotMessages.Frame(
                new LeaseTimeToLiveResponse { Header = OtherHeader(), GrantedTtl = 5 }))),
            ("Auth/AuthStatus", FakeEtcd.TrailersOnly(12, "unknown method AuthStatus")),
            ("Cluster/MemberList", FakeEtcd.Frames(SnapshotMessages.Frame(
                new MemberListResponse { Header = OtherHeader() }))));
        await using IWatchedMember member = await ConnectAsync(Connection(etcd));

        foreach (Func<Task> call in (Func<Task>[])[
            () => member.ReadHeadAsync(CancellationToken.None),
            () => member.FindLeaseTtlAsync(1, CancellationToken.None),
            () => member.ReadSettingsAsync(CancellationToken.None)])
        {
            BackupException e = await Assert.ThrowsAsync<BackupException>(call);

            Assert.Equal(FailureReason.EtcdFailed, e.Reason);
            Assert.Contains("member 8 of cluster 1 responded to ", e.Message, StringComparison.Ordinal);
            Assert.Contains("not a proxy", e.Hint, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0, -1, null)]
    [InlineData(60, 30, 60L)]
    // It has expired and is not revoked yet.
    [InlineData(60, -1, 60L)]
    public async Task A_lease_is_gone_if_nothing_was_granted(long granted, long left, long? expected)
    {
        await using FakeEtcd etcd = await StartAsync(
            ("Lease/LeaseTimeToLive", FakeEtcd.Frames(SnapshotMessages.Frame(
                new LeaseTimeToLiveResponse { Header = WatchMessages.Header(), GrantedTtl = granted, Ttl = left }))));
        await using IWatchedMember member = await ConnectAsync(Connection(etcd));

        Assert.Equal(expected, await member.FindLeaseTtlAsync(1, CancellationToken.None));
    }

    [Fact]
    public async Task A_revision_below_the_first_is_never_compacted()
    {
        await using FakeEtcd etcd = await StartAsync();
        await using IWatchedMember member = await ConnectAsync(Connection(etcd));

        Assert.False(await member.IsCompactedAsync(0, CancellationToken.None));
    }

    [Fact]
    public async Task The_next_member_is_chosen_if_the_first_does_not_answer_a_linearizable_read()
    {
        await using FakeEtcd cutOff = await FakeEtcd.StartAsync(
            (Status, StatusOf(OtherId)), (Range, FakeEtcd.TrailersOnly(Unavailable, "etcdserver: request timed out")));
        await using FakeEtcd well = await StartAsync();

        await using IWatchedMember member =
            await ConnectAsync(new EtcdConnection { Endpoints = [cutOff.Endpoint, well.Endpoint] });

        Assert.Equal(EtcdEndpoints.Display(well.Endpoint), member.Endpoint);
    }

    [Fact]
    public async Task The_failure_gives_the_reason_of_every_endpoint()
    {
        await using FakeEtcd learner = await FakeEtcd.StartAsync((Status, StatusOf(2, isLearner: true)));
        await using FakeEtcd noLeader = await FakeEtcd.StartAsync((Status, StatusOf(3, leader: 0)));
        await using FakeEtcd corrupt = await FakeEtcd.StartAsync((Status, StatusOf(4, error: "alarm:CORRUPT ")));
        await using FakeEtcd silent = await FakeEtcd.StartAsync(
            (Status, StatusOf(5)), (Range, FakeEtcd.TrailersOnly(Unavailable, "etcdserver: request timed out")));
        await using FakeEtcd proxy = await FakeEtcd.StartAsync((Status, StatusOf(6)), (Range, RangeAt(100, OtherId)));
        await using FakeEtcd down = await FakeEtcd.StartAsync(
            (Status, FakeEtcd.TrailersOnly(Unavailable, "etcdserver: server stopped")));
        FakeEtcd[] all = [learner, noLeader, corrupt, silent, proxy, down];

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            ConnectAsync(new EtcdConnection { Endpoints = [.. all.Select(etcd => etcd.Endpoint)] }));

        Assert.Equal(FailureReason.EtcdFailed, e.Reason);
        Assert.Equal(
            "None of the etcd endpoints can be watched. "
            + string.Join(' ', new (FakeEtcd Etcd, string Why)[]
            {
                (down, "Maintenance/Status failed: etcdserver: server stopped."),
                (corrupt, "the member has a CORRUPT alarm."),
                (noLeader, "the member knows no leader."),
                (learner, "the member is a learner, which serves no watch."),
                (silent, "KV/Range failed: etcdserver: request timed out."),
                (proxy, "member 8 of cluster 1 responded to KV/Range instead of member 6 of cluster 1."),
            }.Select(one => $"{EtcdEndpoints.Display(one.Etcd.Endpoint)}: {one.Why}")),
            e.Message);
    }

    [Fact]
    public async Task Members_without_a_leader_are_unreachable_because_a_retry_is_worthwhile()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, StatusOf(3, leader: 0)));

        BackupException e = await Assert.ThrowsAsync<BackupException>(() => ConnectAsync(Connection(etcd)));

        Assert.Equal(FailureReason.EtcdUnreachable, e.Reason);
    }

    [Fact]
    public async Task Endpoints_of_two_clusters_are_refused()
    {
        await using FakeEtcd one = await StartAsync();
        await using FakeEtcd other = await FakeEtcd.StartAsync((Status, StatusOf(2, cluster: 2)));

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            ConnectAsync(new EtcdConnection { Endpoints = [one.Endpoint, other.Endpoint] }));

        Assert.Equal(FailureReason.InvalidInput, e.Reason);
    }

    private static Task<FakeEtcd> StartAsync(params (string Path, RequestDelegate Respond)[] calls)
    {
        (string, RequestDelegate)[] usual = [(Status, StatusOf(WatchMessages.MemberId)), (Range, Readable)];
        return FakeEtcd.StartAsync([.. calls, .. usual.ExceptBy(calls.Select(call => call.Path), call => call.Item1)]);
    }

    private static RequestDelegate StatusOf(
        ulong member, ulong leader = 99, bool isLearner = false, string? error = null, ulong cluster = 1)
    {
        StatusResponse status = new()
        {
            Header = new ResponseHeader { ClusterId = cluster, MemberId = member, Revision = 100 },
            Version = "3.5.30",
            Leader = leader,
            IsLearner = isLearner,
        };
        if (error is not null)
        {
            status.Errors.Add(error);
        }

        return FakeEtcd.Frames(SnapshotMessages.Frame(status));
    }

    private static RequestDelegate RangeAt(long revision, ulong member = WatchMessages.MemberId) =>
        FakeEtcd.Frames(SnapshotMessages.Frame(new RangeResponse
        {
            Header = new ResponseHeader { ClusterId = 1, MemberId = member, Revision = revision },
        }));

    private static ResponseHeader OtherHeader() => new() { ClusterId = WatchMessages.ClusterId, MemberId = OtherId };

    private static WatchResponse Canceled(string why) =>
        new() { Header = WatchMessages.Header(), Created = true, Canceled = true, CancelReason = why };

    private static byte[] Frames(params WatchResponse[] responses) =>
        [.. responses.SelectMany(response => SnapshotMessages.Frame(response))];

    private static byte[] BigEndian(int value) =>
        [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];

    private static EtcdConnection Connection(FakeEtcd etcd) => new() { Endpoints = [etcd.Endpoint] };

    private static Task<IWatchedMember> ConnectAsync(EtcdConnection connection) =>
        ConnectAsync(connection, TimeProvider.System);

    private static Task<IWatchedMember> ConnectAsync(EtcdConnection connection, TimeProvider time) =>
        new EtcdChangeSource(connection, time, NullLogger<EtcdChangeSource>.Instance)
            .ConnectAsync(CancellationToken.None);

    private static IAsyncEnumerator<ChangeBatch> Changes(IWatchedMember member, long fromRevision) =>
        member.WatchAsync(fromRevision, CancellationToken.None).Skip(1).GetAsyncEnumerator(CancellationToken.None);

    private static Task WatchToEndAsync(FakeEtcd etcd) => WatchToEndAsync(Connection(etcd));

    private static async Task WatchToEndAsync(EtcdConnection connection)
    {
        await using IWatchedMember member = await ConnectAsync(connection);
        await foreach (ChangeBatch batch in member.WatchAsync(5, CancellationToken.None))
        {
            Assert.NotNull(batch.Records);
        }
    }
}
