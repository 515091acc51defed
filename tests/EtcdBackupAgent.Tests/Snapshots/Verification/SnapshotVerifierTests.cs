using System.Text;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Reports;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Snapshots.Verification;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Tests.Snapshots.Revisions;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EtcdBackupAgent.Tests.Snapshots.Verification;

public sealed class SnapshotVerifierTests : IDisposable
{
    private static readonly StoredRecord Pod =
        new() { Revision = new(2, 0), Key = "/registry/pods/a/b", Created = 2, Version = 1 };
    private static readonly StoredRecord Deletion = new() { Revision = new(4, 0), Key = Pod.Key, IsTombstone = true };
    private static readonly StoredRecord Lease =
        Pod with { Revision = new(3, 0), Created = 3, Key = "/registry/leases/x", Value = [1, 2] };

    private const string Member =
        """{"id":10276657743932975437,"peerURLs":["http://localhost:2380"],"name":"a","isLearner":true}""";

    private readonly TestDirectory _directory = new();

    [Fact]
    public void The_report_has_the_content_of_the_file()
    {
        SnapshotReport report = Report(
            ("key", [.. Elements(Pod, Lease, Deletion)]),
            ("meta", [("consistent_index", Number(77)), ("term", Number(3)), ("storageVersion", "3.6.0"u8.ToArray())]),
            ("cluster", [("clusterVersion", "3.6.0"u8.ToArray())]),
            ("members", [("8e9e05c52164694d", Encoding.UTF8.GetBytes(Member))]),
            ("members_removed", [("ab", "removed"u8.ToArray())]),
            ("alarm", [("\u0008\u0005\u0010\u0001", [])]),
            ("auth", [("authEnabled", [1]), ("authRevision", Number(2))]),
            ("authUsers", [("root", StoredRecord.Bytes(1, "root"u8.ToArray()))]),
            ("authRoles", [("root", StoredRecord.Bytes(1, "root"u8.ToArray()))]),
            ("lease", [("\0\0\0\0\0\0\0\u0009", StoredRecord.Number(1, 9))]));

        Assert.Equal((4, -1, 1), (report.Revision, report.CompactRevision, report.LiveKeys));
        Assert.Equal((3, 1, 2), (report.Revisions, report.Tombstones, report.HistoryRevisions));
        Assert.Equal(
            [("/registry/pods", 0L, 2L), ("/registry/leases", 1L, 1L)],
            report.Prefixes.Select(p => (p.Prefix, p.LiveKeys, p.Revisions)));
        EtcdState state = report.State;
        Assert.Equal(
            ("3.6.0", "3.6.0", 77UL, 3UL),
            (state.StorageVersion, state.ClusterVersion, state.ConsistentIndex, state.RaftTerm));
        EtcdMemberReport member = Assert.Single(state.Members);
        Assert.Equal((0x8e9e05c52164694dUL, "a", true), (member.Id, member.Name, member.IsLearner));
        Assert.Equal(["http://localhost:2380"], member.PeerUrls);
        Assert.Equal([0xabUL], state.RemovedMembers);
        Assert.Equal([new AlarmReport(5, "NOSPACE")], state.Alarms);
        Assert.Equal((true, 1L, 1L, 1L), (state.IsAuthEnabled, state.Users, state.Roles, state.Leases));
    }

    [Fact]
    public void The_revision_is_the_compacted_one_if_the_compaction_removed_the_last_records() => Assert.Equal(
        (9, 9), (CompactedTo(9).Revision, CompactedTo(9).CompactRevision));

    [Fact]
    public void Problems_in_etcds_own_buckets_are_reported_with_bucket_and_key()
    {
        SnapshotProof proof = Examine(
            ("key", [.. Elements(Pod)]),
            ("meta", [("consistent_index", [1]), ("scheduledCompactRev", [2])]),
            ("members", [("zz", []), ("ab", "{"u8.ToArray()), ("ac", """{"id":1}"""u8.ToArray())]),
            ("lease", [("short", [])]),
            ("authUsers", [("root", StoredRecord.Bytes(1, "toor"u8.ToArray()))])).Proof;
        IReadOnlyList<string> problems = proof.Checks.Single(check => check.Part == CheckedPart.Revisions).Problems;
        Assert.Equal(7, problems.Count);
        Assert.Contains(
            problems,
            p => p.EndsWith("bucket meta, consistent_index: has 1 bytes instead of 8", StringComparison.Ordinal));
        Assert.Contains(
            problems, p => p.EndsWith("bucket members, ab: is not the JSON of a member", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.EndsWith("bucket authUsers, root: belongs to toor", StringComparison.Ordinal));
        Assert.False(proof.IsSound);
    }

    [Theory]
    [InlineData("meta", "storageVersion", "3.6.0\0")]
    [InlineData("meta", "term\0", "\0\0\0\0\0\0\u0001\0")]
    [InlineData("cluster", "clusterVersion", "3.5.0\0")]
    [InlineData("members_removed", "ab", "removed\0")]
    [InlineData("alarm", "\u0008\u0005\u0010\u0001", "\0")]
    [InlineData("auth", "authEnabled", "\u0001\0")]
    [InlineData("auth", "authRevision\0", "\0\0\0\0\0\0\u0001\0")]
    public void An_element_that_grew_into_the_zeros_of_its_page_is_reported(string bucket, string key, string value)
    {
        SnapshotExamination found = Examine(
            ("key", [.. Elements(Pod)]), (bucket, [(key, Encoding.Latin1.GetBytes(value))]));
        Assert.Contains($"bucket {bucket}, ", Problems(found), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lease", 3, ProtobufWireType.Varint)]
    [InlineData("alarm", 2, ProtobufWireType.Varint)]
    [InlineData("authUsers", 4, ProtobufWireType.LengthDelimited)]
    [InlineData("authRoles", 4, ProtobufWireType.LengthDelimited)]
    public void A_field_that_etcd_reads_must_have_its_type_and_an_unknown_one_may_have_any(
        string bucket, int fields, ProtobufWireType type)
    {
        string[] problems = [.. Enumerable.Range(1, fields + 1).Select(ProblemsOfOtherType)];

        Assert.All(
            problems[..fields],
            (text, i) => Assert.Contains($"field {i + 1} has the wrong wire type", text, StringComparison.Ordinal));
        Assert.DoesNotContain("wire type", problems[fields], StringComparison.Ordinal);

        string ProblemsOfOtherType(int field)
        {
            byte[] message = type == ProtobufWireType.Varint
                ? StoredRecord.Bytes(field, [1])
                : StoredRecord.Number(field, 1);
            (string, byte[]) element = bucket == "alarm"
                ? (Encoding.Latin1.GetString(message), [])
                : ("\0\0\0\0\0\0\0\0", message);
            return Problems(Examine(("key", [.. Elements(Pod)]), (bucket, [element])));
        }
    }

    [Fact]
    public void Damaged_pages_beyond_the_limit_are_counted()
    {
        const int pageBytes = 4096;
        WriteFile(("key", [.. Elements(Enumerable.Range(2, 1000).Select(i => Pod with { Revision = new(i, 0) }))]));
        byte[] bytes = File.ReadAllBytes(_directory["db"]);
        int[] leaves = [.. Enumerable.Range(2, (bytes.Length / pageBytes) - 2)
            .Where(page => bytes[(page * pageBytes) + 8] == (byte)BoltPageKinds.Leaf)];
        foreach (int leaf in leaves.Take(SnapshotVerifier.ProblemsMax + 3))
        {
            bytes[(leaf * pageBytes) + 7] = 1;
        }

        File.WriteAllBytes(_directory["db"], bytes);

        IReadOnlyList<string> problems = ExamineFile().Proof.Checks[0].Problems;
        Assert.Equal((SnapshotVerifier.ProblemsMax + 1, "and 3 more"), (problems.Count, problems[^1]));
    }

    [Fact]
    public void A_record_that_cannot_be_decoded_is_reported_and_the_others_are_counted()
    {
        SnapshotExamination found = Examine(
            ("key", [.. Elements(Pod, Lease), (Encoding.Latin1.GetString(Deletion.RawKey), [0x0a, 0x09])]));
        Assert.Contains("revision 4 is not a key-value record", Problems(found), StringComparison.Ordinal);
        Assert.Equal(2, found.Report!.Revisions);
    }

    [Fact]
    public void A_bbolt_file_of_another_program_is_not_an_etcd_database()
    {
        SnapshotExamination found = Examine(("settings", [("a", "b"u8.ToArray())]));
        Assert.Contains("has no bucket 'key'", Problems(found), StringComparison.Ordinal);
        Assert.Null(found.Report);
    }

    [Fact]
    public void A_text_file_is_not_a_database()
    {
        File.WriteAllText(_directory["db"], "something else");
        SnapshotExamination found = ExamineFile();
        Assert.Equal(
            [CheckResult.Failed, CheckResult.NotChecked, CheckResult.NotChecked],
            found.Proof.Checks.Select(check => check.Result));
        Assert.False(found.Proof.IsSound);
    }

    [Fact]
    public void A_snapshot_that_ends_before_the_revision_of_the_hash_has_lost_records()
    {
        WriteFile(("key", [.. Elements(Pod)]));
        SnapshotCheck check = ExamineFile(new HashKv { Revision = 3, Hash = 0, CompactRevision = -1 }).Proof.Checks[^1];
        Assert.Equal(CheckResult.Failed, check.Result);
        Assert.Contains("ends at revision 2", Assert.Single(check.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hash_with_an_older_compaction_cannot_be_computed()
    {
        WriteFile(("key", [.. Elements(Pod)]), ("meta", [("finishedCompactRev", Pod.RawKey)]));
        SnapshotCheck check = ExamineFile(new HashKv { Revision = 2, Hash = 0, CompactRevision = 1 }).Proof.Checks[^1];
        Assert.Equal(CheckResult.NotChecked, check.Result);
        Assert.Contains("compacted to 2", check.Detail, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static IEnumerable<(string Key, byte[] Value)> Elements(params IEnumerable<StoredRecord> records) =>
        records.Select(record => (Encoding.Latin1.GetString(record.RawKey), record.RawValue));

    private static byte[] Number(byte value) => [0, 0, 0, 0, 0, 0, 0, value];

    private static string Problems(SnapshotExamination found) =>
        string.Join('\n', found.Proof.Checks.Single(check => check.Part == CheckedPart.Revisions).Problems);

    private SnapshotReport CompactedTo(long revision) => Report(
        ("key", [.. Elements(Pod)]),
        ("meta", [("finishedCompactRev", (Pod with { Revision = new(revision, 0) }).RawKey)]));

    private SnapshotReport Report(params (string Name, (string Key, byte[] Value)[] Elements)[] buckets)
    {
        SnapshotExamination found = Examine(buckets);
        Assert.Equal("", Problems(found));
        return found.Report!;
    }

    private SnapshotExamination Examine(params (string Name, (string Key, byte[] Value)[] Elements)[] buckets)
    {
        WriteFile(buckets);
        return ExamineFile();
    }

    private void WriteFile(params (string Name, (string Key, byte[] Value)[] Elements)[] buckets) => BoltFile.Write(
        _directory["db"],
        buckets.Select(bucket =>
            (bucket.Name, bucket.Elements.Select(e => (Encoding.Latin1.GetBytes(e.Key), e.Value)))));

    private SnapshotExamination ExamineFile(HashKv? expected = null)
    {
        using SafeFileHandle file = File.OpenHandle(_directory["db"]);
        return SnapshotVerifier.Examine(
            file, RandomAccess.GetLength(file), expected, receiveValue: null, CancellationToken.None);
    }
}
