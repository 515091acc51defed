using EtcdBackupAgent.Etcd.Api;
using EtcdBackupAgent.Etcd.Members;
using Xunit;

namespace EtcdBackupAgent.Tests.Etcd.Members;

public sealed class MemberChoiceTests
{
    private const ulong Leader = 1;

    /// <summary>
    /// Each member: ID, revision, and letters: L learner, C its own CORRUPT alarm, N knows no leader. Then the expected
    /// order of IDs.
    /// </summary>
    public static TheoryData<string, string> Tables => new()
    {
        { "1/50", "1" },
        { "1/50 2/50", "2 1" },
        { "1/50 2/40 3/45", "3 2 1" },
        { "1/50 3/45 2/45", "3 2 1" },
        { "1/50 2/60/L 3/45", "3 1 2" },
        { "1/50 2/60/C 3/45", "3 1" },
        { "1/50 2/60/N 3/45", "3 1 2" },
        { "2/60/N 3/70/N", "3 2" },
        { "2/60/N", "2" },
        { "1/50/N 2/60/L 3/45/N", "1 3 2" },
        { "1/50/C 2/60/L", "2" },
        { "2/1/L", "" },
        { "", "" },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void The_best_member_comes_first(string members, string order)
    {
        MemberStatus[] statuses =
            [.. members.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(member => Status(member.Split('/')))];

        MemberChoice choice = MemberChoice.Among(statuses);

        Assert.Equal(order, string.Join(' ', choice.Candidates.Select(candidate => candidate.Status.Header.MemberId)));
        Assert.Equal(statuses.Length, choice.Candidates.Count + choice.SkipReasons.Count);
    }

    [Fact]
    public void Skipped_members_are_named_with_the_cause()
    {
        MemberChoice choice = MemberChoice.Among([Status("2", "1", "L"), Status("3", "5", "C"), Status("4", "5")]);

        Assert.Equal(
            [
                "http://m2:2379: the member is a learner that has not received data yet.",
                "http://m3:2379: the member has a CORRUPT alarm.",
            ],
            choice.SkipReasons);
    }

    [Theory]
    [InlineData("memberID:7 alarm:CORRUPT ", true)]
    [InlineData("memberID:7  alarm:CORRUPT", true)]
    [InlineData("alarm:CORRUPT ", true)]
    [InlineData("memberID:8 alarm:CORRUPT ", false)]
    [InlineData("memberID:7 alarm:NOSPACE ", false)]
    [InlineData("etcdserver: no leader", false)]
    public void A_corrupt_alarm_is_raised_for_its_member_or_for_all(string error, bool isRaised)
    {
        StatusResponse status = new() { Header = new ResponseHeader { MemberId = 7 }, Errors = { error } };

        Assert.Equal(isRaised, CorruptAlarm.IsRaisedFor(status));
    }

    private static MemberStatus Status(params string[] member)
    {
        ulong id = ulong.Parse(member[0], null);
        string letters = member.Length > 2 ? member[2] : "";
        StatusResponse status = new()
        {
            Header = new ResponseHeader { MemberId = id, Revision = long.Parse(member[1], null) },
            Leader = letters.Contains('N', StringComparison.Ordinal) ? 0 : Leader,
            IsLearner = letters.Contains('L', StringComparison.Ordinal),
        };
        if (letters.Contains('C', StringComparison.Ordinal))
        {
            status.Errors.Add($"memberID:{id} alarm:CORRUPT ");
        }

        return new MemberStatus($"http://m{id}:2379", status);
    }
}
