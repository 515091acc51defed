using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd;

/// <summary>Which answers to HashKV can be computed again from a snapshot, and which cannot.</summary>
public sealed class HashKvQuestionTests
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
    public async Task An_answer_while_the_revision_before_can_be_read_was_computed_now(long compactRevision)
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Answer(compactRevision)), (Range, Readable));

        HashKv answer = await AskAsync(etcd);

        Assert.Equal(
            new HashKv
            {
                Revision = Revision,
                Hash = uint.MaxValue,
                CompactRevision = compactRevision,
            },
            answer);
    }

    [Fact]
    public async Task An_answer_that_names_its_own_revision_as_compacted_was_computed_now()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Answer(Revision)), (Range, Compacted));

        Assert.Equal(Revision, (await AskAsync(etcd)).CompactRevision);
    }

    [Fact]
    public async Task An_answer_out_of_the_store_of_a_compaction_is_refused()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Answer(compactRevision: 50)), (Range, Compacted));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => AskAsync(etcd));

        Assert.Contains("the hash may be older than the compaction", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_revision_has_none_before_it_to_read()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Answer(-1)));

        Assert.Equal(1, (await AskAsync(etcd, revision: 1)).Revision);
    }

    [Fact]
    public async Task A_revision_that_was_compacted_has_no_answer()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Compacted));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => AskAsync(etcd));

        Assert.Contains("has no HashKV of revision 100: it was compacted", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_member_at_the_address_is_not_asked()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync((Status, StatusOf(member: 8)));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => AskAsync(etcd));

        Assert.EndsWith("member 8 answered instead of 7.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_answer_of_another_member_is_refused()
    {
        await using FakeEtcd etcd = await StartAsync((HashKv, Answer(-1, member: 8)), (Range, Readable));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(() => AskAsync(etcd));

        Assert.Contains("member 8 answered instead of 7", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_learner_is_not_asked()
    {
        await using FakeEtcd etcd = await FakeEtcd.StartAsync();

        BackupException failure =
            await Assert.ThrowsAsync<BackupException>(() => AskAsync(etcd, role: EtcdMemberRole.Learner));

        Assert.EndsWith(
            "has no HashKV of revision 100: it is a learner, and only voting members compute one.",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_has_a_deadline_of_its_own_at_which_the_server_learns_that_nothing_waits_for_it()
    {
        TaskCompletionSource cancelled = new();
        await using FakeEtcd etcd = await StartAsync((HashKv, async context =>
        {
            await FakeEtcd.Stall([])(context);
            cancelled.SetResult();
        }
        ));

        BackupException failure = await Assert.ThrowsAsync<BackupException>(
            () => AskAsync(etcd, deadline: TimeSpan.FromMilliseconds(50)));

        await cancelled.Task.WaitAsync(TestDeadline.Patience);
        Assert.Contains("no response within 0.05 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_it_though_the_server_never_answers()
    {
        using CancellationTokenSource cancellation = new();
        await using FakeEtcd etcd = await StartAsync((HashKv, async context =>
        {
            cancellation.Cancel();
            await FakeEtcd.Stall([])(context);
        }
        ));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => AskAsync(etcd, cancellationToken: cancellation.Token).WaitAsync(TestDeadline.Patience));
    }

    private static Task<FakeEtcd> StartAsync(params (string Path, RequestDelegate Answer)[] calls) =>
        FakeEtcd.StartAsync([(Status, StatusOf(MemberId)), .. calls]);

    private static RequestDelegate StatusOf(ulong member) => FakeEtcd.Frames(SnapshotMessages.Frame(
        new StatusResponse { Header = new ResponseHeader { MemberId = member } }));

    private static RequestDelegate Answer(long compactRevision, ulong member = MemberId) =>
        FakeEtcd.Frames(SnapshotMessages.Frame(new HashKVResponse
        {
            Header = new ResponseHeader { MemberId = member },
            Hash = uint.MaxValue,
            CompactRevision = compactRevision,
        }));

    private static Task<HashKv> AskAsync(
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
        return new HashKvQuestion(connection, etcd.Endpoint, member, TimeProvider.System).AskAsync(cancellationToken);
    }
}
