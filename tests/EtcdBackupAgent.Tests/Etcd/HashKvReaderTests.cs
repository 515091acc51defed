using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd;

/// <summary>Which responses to HashKV can be computed again from a snapshot, and which cannot.</summary>
public sealed class HashKvReaderTests
{
    private const string HashKv = "Maintenance/HashKV";
    private const string Status = "Maintenance/Status";
    private const string Range = "KV/Range";
    private const long Revision = 100;
    private const ulong MemberId = 7;
    private const int OutOfRange = 11;

    private static readonly RequestDelegate Compacted =
        FakeEtcd.TrailersOnly(OutOfRange, "etcdserver: mvcc: required revision has been compacted");

    private static readonly RequestDelegate Readable = FakeEtcd.Frames(SnapshotMessages.Frame(new RangeResponse()));

    [Theory]
    [InlineData(-1)]
    [InlineData(99)]
    public async Task A_hash_was_computed_now_if_the_previous_revision_can_be_read(long compactRevision)
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Response(compactRevision)), (Range, Readable));

        HashKv response = await ReadAsync(etcd);

        Assert.Equal(
            new HashKv
            {
                Revision = Revision,
                Hash = uint.MaxValue,
                CompactRevision = compactRevision,
            },
            response);
    }

    [Fact]
    public async Task A_hash_was_computed_now_if_its_compact_revision_is_its_own_revision()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Response(Revision)), (Range, Compacted));

        Assert.Equal(Revision, (await ReadAsync(etcd)).CompactRevision);
    }

    [Fact]
    public async Task A_hash_that_a_compaction_stored_is_refused()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Response(compactRevision: 50)), (Range, Compacted));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => ReadAsync(etcd));

        Assert.Contains("the hash may be older than the compaction", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_revision_has_no_previous_revision()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Response(-1)));

        Assert.Equal(1, (await ReadAsync(etcd, revision: 1)).Revision);
    }

    [Fact]
    public async Task A_compacted_revision_has_no_hash()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Compacted));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => ReadAsync(etcd));

        Assert.Contains("has no HashKV of revision 100: it was compacted", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HashKV_is_not_requested_from_another_member_at_the_address()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, StatusOf(member: 8)));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => ReadAsync(etcd));

        Assert.EndsWith("member 8 responded instead of 7.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_response_of_another_member_is_refused()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Response(-1, member: 8)), (Range, Readable));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => ReadAsync(etcd));

        Assert.Contains("member 8 responded instead of 7", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HashKV_is_not_requested_from_a_learner()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync();

        BackupException failure =
            await Assert.ThrowsAsync<BackupException>(() => ReadAsync(etcd, role: EtcdMemberRole.Learner));

        Assert.EndsWith(
            "has no HashKV of revision 100: it is a learner, and only voting members compute one.",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_has_its_own_deadline_and_cancels_the_call_on_the_server()
    {
        TaskCompletionSource cancelled = new();
        await using FakeEtcd etcd = await StartAsync((HashKv, async context =>
        {
            await FakeEtcd.Stall([])(context);
            cancelled.SetResult();
        }
        ));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => ReadAsync(etcd, deadline: TimeSpan.FromMilliseconds(50)));

        await cancelled.Task.WaitAsync(TestDeadline.Patience);
        Assert.Contains("no response within 0.05 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_it_if_the_server_never_responds()
    {
        using CancellationTokenSource cancellation = new();
        await using FakeEtcd etcd = await StartAsync((HashKv, async context =>
        {
            cancellation.Cancel();
            await FakeEtcd.Stall([])(context);
        }
        ));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => ReadAsync(etcd, cancellationToken: cancellation.Token).WaitAsync(TestDeadline.Patience));
    }

    private static Task<FakeEtcd> StartAsync(params (string Path, RequestDelegate Respond)[] calls) =>
        FakeEtcd.StartAsync([(Status, StatusOf(MemberId)), .. calls]);

    private static RequestDelegate StatusOf(ulong member) => FakeEtcd.Frames(SnapshotMessages.Frame(
        new StatusResponse { Header = new ResponseHeader { MemberId = member } }));

    private static RequestDelegate Response(long compactRevision, ulong member = MemberId) =>
        FakeEtcd.Frames(SnapshotMessages.Frame(new HashKVResponse
        {
            Header = new ResponseHeader { MemberId = member },
            Hash = uint.MaxValue,
            CompactRevision = compactRevision,
        }));

    private static Task<HashKv> ReadAsync(
        FakeEtcd etcd,
        long revision = Revision,
        TimeSpan? deadline = null,
        EtcdMemberRole role = EtcdMemberRole.Leader,
        CancellationToken cancellationToken = default)
    {
        EtcdConnection connection = new() { Endpoints = [etcd.Endpoint] };
        connection = connection with { HashKvTimeout = deadline ?? connection.HashKvTimeout };
        EtcdMember member = new()
        {
            Endpoint = EtcdEndpoints.Display(etcd.Endpoint),
            ClusterId = new EtcdId(1),
            MemberId = new EtcdId(MemberId),
            Role = role,
            Version = "3.5.30",
            Revision = revision,
            RaftTerm = 1,
            RaftIndex = 1,
            DbSizeBytes = 1,
        };
        return new HashKvReader(connection, etcd.Endpoint, member, TimeProvider.System).ReadAsync(cancellationToken);
    }
}
