using EtcdBackupAgent.Snapshots.Revisions;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Revisions;

public sealed class RevisionCheckTests
{
    private static readonly StoredRecord Put = new() { Revision = new(5, 1), Key = "a", Created = 4, Version = 2 };
    private static readonly StoredRecord Deletion = new() { Revision = new(6, 0), Key = "a", IsTombstone = true };

    [Fact]
    public void Records_of_etcd_are_valid()
    {
        Assert.Null(ProblemOf(Put.RawKey, Put.RawValue));
        Assert.Null(ProblemOf(Deletion.RawKey, Deletion.RawValue));
        StoredRecord first = Put with { Created = 5, Version = 1, Lease = 9 };
        Assert.Null(ProblemOf(first.RawKey, first.RawValue));
    }

    [Fact]
    public void The_empty_record_of_a_bumped_revision_is_valid() => Assert.Null(ProblemOf(Put.RawKey, []));

    [Fact]
    public void Records_that_etcd_never_writes_are_reported_with_page_and_revision()
    {
        Expect(
            "page 9: revision 5.1 has the modification revision 4",
            (Put with { Revision = new(4, 0) }).RawValue,
            Put.RawKey);
        Expect("has the creation revision 6", (Put with { Created = 6 }).RawValue, Put.RawKey);
        Expect("has the creation revision 0", (Put with { Created = 0 }).RawValue, Put.RawKey);
        Expect("version 0 ", (Put with { Version = 0 }).RawValue, Put.RawKey);
        Expect("version 1 ", (Put with { Version = 1 }).RawValue, Put.RawKey);
        Expect("has no key", (Put with { Key = "" }).RawValue, Put.RawKey);
        Expect("revision 6 is a deletion without a key", [], Deletion.RawKey);
        Expect("more than a key", Put.RawValue, Deletion.RawKey);
        Expect("the first is 1", Put.RawValue, (Put with { Revision = new(0, 0) }).RawKey);
    }

    [Fact]
    public void A_revision_that_occurs_twice_is_reported()
    {
        ProblemList problems = new(10);
        RevisionCheck check = new(problems);
        Add(check, Put.RawKey, Put.RawValue);
        Add(check, (Deletion with { Revision = Put.Revision }).RawKey, Deletion.RawValue);
        Assert.Equal(["page 9: revision 5.1 occurs twice"], problems.Lines);
    }

    [Fact]
    public void The_first_of_many_problems_are_listed_with_the_number_of_the_others()
    {
        ProblemList problems = new(2);
        for (int i = 0; i < 5; i++)
        {
            problems.Add($"{i}");
        }

        Assert.Equal(["0", "1", "and 3 more"], problems.Lines);
    }

    private static void Expect(string problem, byte[] rawValue, byte[] rawKey) =>
        Assert.Contains(problem, ProblemOf(rawKey, rawValue), StringComparison.Ordinal);

    private static string? ProblemOf(byte[] rawKey, byte[] rawValue)
    {
        ProblemList problems = new(10);
        Add(new RevisionCheck(problems), rawKey, rawValue);
        return problems.Lines.SingleOrDefault();
    }

    private static void Add(RevisionCheck check, byte[] rawKey, byte[] rawValue)
    {
        Assert.True(RevisionKey.TryRead(rawKey, out RevisionKey key));
        Assert.True(KeyValueRecord.TryRead(rawValue, out KeyValueRecord record, out _));
        check.Add(
            new RevisionEntry { Key = key, Record = record, RawKey = rawKey, RawValue = rawValue, Ordinal = 0 },
            page: 9);
    }
}
