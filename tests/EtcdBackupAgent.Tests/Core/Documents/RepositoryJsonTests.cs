using System.Text;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Documents;

public sealed class RepositoryJsonTests
{
    private static readonly SnapshotFolder Folder = NewFolder("34abbf1b");

    [Fact]
    public void The_manifest_has_the_form_in_the_specification()
    {
        string golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "manifest.json"));

        string written = Encoding.UTF8.GetString(RepositoryJson.Write(SampleSnapshots.Manifest(Folder)));

        Assert.Equal(golden.TrimEnd('\n'), written);
    }

    [Fact]
    public void A_verification_record_has_the_form_in_the_specification()
    {
        string golden =
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "verification.json")).TrimEnd('\n');
        VerificationRecord record =
            SampleSnapshots.Verification(SampleSnapshots.Manifest(Folder), VerificationResult.Damaged);

        byte[] written = RepositoryJson.Write(record);

        Assert.Equal(golden, Encoding.UTF8.GetString(written));
        VerificationRecord read = RepositoryJson.ReadVerification(written, "record");
        Assert.Equal(written, RepositoryJson.Write(read));
        Assert.Equal(VerificationResult.Damaged, read.Result);
    }

    [Fact]
    public void A_manifest_without_HashKV_of_an_older_version_can_be_read()
    {
        byte[] before = Encoding.UTF8.GetBytes(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "golden", "manifest-before-hashkv.json"))
                .TrimEnd('\n'));

        SnapshotManifest read = RepositoryJson.ReadManifest(before, "manifest");

        Assert.Null(read.Etcd!.HashKv);
        Assert.Null(read.Etcd!.HashKvMissing);
        Assert.Equal(4711, read.Etcd!.Revision);
    }

    [Fact]
    public void A_manifest_is_read_as_it_was_written()
    {
        byte[] written = RepositoryJson.Write(SampleSnapshots.Manifest(Folder));

        SnapshotManifest read = RepositoryJson.ReadManifest(written, "manifest");

        Assert.Equal(written, RepositoryJson.Write(read));
        Assert.Equal(4711, read.Etcd!.Revision);
        Assert.Equal(SampleSnapshots.Hash, read.Etcd!.HashKv);
        Assert.Equal("critical", read.Labels["tier"]);
    }

    [Fact]
    public void Any_changed_byte_of_a_manifest_is_detected()
    {
        byte[] written = RepositoryJson.Write(SampleSnapshots.Manifest(Folder));
        for (int i = 0; i < written.Length; i++)
        {
            foreach (byte flip in (byte[])[0x01, 0x20, 0x80])
            {
                byte[] damaged = [.. written];
                damaged[i] ^= flip;

                BackupException failure =
                    Assert.Throws<BackupException>(() => RepositoryJson.ReadManifest(damaged, "manifest"));

                Assert.True(
                    failure.Reason is FailureReason.DataDamaged or FailureReason.RepositoryUnsupported,
                    $"byte {i} ^ {flip:x2}: {failure.Reason}");
            }
        }
    }

    [Fact]
    public void Any_shortened_manifest_is_detected()
    {
        byte[] written = RepositoryJson.Write(SampleSnapshots.Manifest(Folder));
        for (int length = 0; length < written.Length; length++)
        {
            ReadOnlyMemory<byte> cut = written.AsMemory(0, length);
            Assert.Equal(
                FailureReason.DataDamaged,
                Assert.Throws<BackupException>(() => RepositoryJson.ReadManifest(cut, "manifest")).Reason);
        }
    }

    [Fact]
    public void A_field_of_a_later_version_is_kept_for_display_and_otherwise_ignored()
    {
        string later = Encoding.UTF8.GetString(RepositoryJson.Write(SampleSnapshots.Manifest(Folder)))
            .Replace(
                "\"agentVersion\"", "\"colour\": {\"name\": \"blue\"},\n  \"agentVersion\"", StringComparison.Ordinal);

        SnapshotManifest read = RepositoryJson.ReadManifest(Redigested(later), "manifest");

        Assert.Equal("blue", read.UnknownFields!["colour"].GetProperty("name").GetString());
        Assert.Equal("blue", (string?)read.ToJson()["colour"]!["name"]);
    }

    [Fact]
    public void The_printed_document_is_the_stored_one_with_all_fields_of_a_later_version()
    {
        string later = Encoding.UTF8.GetString(RepositoryJson.Write(SampleSnapshots.Manifest(Folder)))
            .Replace("\"kind\": \"Etcd\"", "\"chunks\": [1.50, 2e3], \"kind\": \"Etcd\"", StringComparison.Ordinal)
            .Replace("\"raftTerm\"", "\"name\": \"cp1\",\n    \"raftTerm\"", StringComparison.Ordinal);
        byte[] stored = Redigested(later);

        SnapshotManifest read = RepositoryJson.ReadManifest(stored, "manifest");

        Assert.Equal(Compact(stored), read.ToJson().ToJsonString());
    }

    [Fact]
    public void A_sealed_document_prints_as_the_stored_bytes()
    {
        SnapshotManifest manifest = SampleSnapshots.Manifest(Folder);
        VerificationRecord record = SampleSnapshots.Verification(manifest, VerificationResult.Damaged);

        Assert.Equal(
            Compact(RepositoryJson.Write(manifest)), RepositoryJson.Sealed(manifest).ToJson().ToJsonString());
        Assert.Equal(Compact(RepositoryJson.Write(record)), RepositoryJson.Sealed(record).ToJson().ToJsonString());
        Assert.Throws<InvalidOperationException>(() => manifest.ToJson());
    }

    [Fact]
    public void An_incremental_manifest_has_format_2_and_is_read_as_it_was_written()
    {
        Snapshot needed = SampleSnapshots.Create(SampleSnapshots.NewYear);
        SnapshotManifest written = SampleSnapshots.Incremental(SampleSnapshots.NewYear.AddHours(1), needed).Manifest;

        SnapshotManifest read = RepositoryJson.ReadManifest(RepositoryJson.Write(written), "m");

        Assert.Equal((2, SnapshotKind.Incremental, written.Base), (read.FormatVersion, read.Kind, read.Base));
        Assert.Equal(SnapshotKind.Full, needed.Manifest.Kind);
        Assert.DoesNotContain("kind\": \"Full", Encoding.UTF8.GetString(RepositoryJson.Write(needed.Manifest)));
    }

    [Fact]
    public void A_manifest_whose_fields_contradict_each_other_is_damaged()
    {
        Snapshot needed = SampleSnapshots.Create(SampleSnapshots.NewYear);
        SnapshotManifest full = needed.Manifest;
        SnapshotManifest incremental =
            SampleSnapshots.Incremental(SampleSnapshots.NewYear.AddHours(1), needed).Manifest;

        AssertDamaged(incremental with { Base = null }, "it is incremental, but has no base");
        AssertDamaged(full with { FormatVersion = 2, Base = incremental.Base }, "it is full, but has a base");
        AssertDamaged(incremental with { FormatVersion = 1 }, "it is incremental, but has format version 1");
        AssertDamaged(incremental with { Artifacts = full.Artifacts }, "has an artifact of the kind Etcd");
        AssertDamaged(full with { Artifacts = incremental.Artifacts }, "has an artifact of the kind EtcdChanges");

        foreach (long revision in new[] { -1, 0, full.Revision + 1 })
        {
            AssertDamaged(
                full with { RestorePoint = new SnapshotPoint { Revision = revision } },
                $"its restore point {revision} is not one of its revisions, which end at {full.Revision}");
        }

        static void AssertDamaged(SnapshotManifest manifest, string problem)
        {
            BackupException failure = Assert.Throws<BackupException>(
                () => RepositoryJson.ReadManifest(RepositoryJson.Write(manifest), "m"));
            Assert.Equal(FailureReason.DataDamaged, failure.Reason);
            Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_restore_point_is_stored_in_the_format_version_that_every_agent_reads()
    {
        SnapshotManifest plain = SampleSnapshots.Create(SampleSnapshots.NewYear).Manifest;
        SnapshotPoint point = new() { Revision = 4711, Reason = "before the upgrade" };

        byte[] stored = RepositoryJson.Write(plain with { RestorePoint = point });

        Assert.Equal(1, plain.FormatVersion);
        Assert.Equal(point, RepositoryJson.ReadManifest(stored, "m").RestorePoint);
        Assert.Contains("\"restorePoint\"", Encoding.UTF8.GetString(stored), StringComparison.Ordinal);
        Assert.DoesNotContain(
            "restorePoint", Encoding.UTF8.GetString(RepositoryJson.Write(plain)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_later_format_is_refused_with_a_hint()
    {
        string later = Encoding.UTF8.GetString(RepositoryJson.Write(SampleSnapshots.Manifest(Folder)))
            .Replace("\"formatVersion\": 1", "\"formatVersion\": 5", StringComparison.Ordinal);

        BackupException failure = Assert.Throws<BackupException>(
            () => RepositoryJson.ReadManifest(Encoding.UTF8.GetBytes(later), "snapshots/x/manifest.json"));

        Assert.Equal(FailureReason.RepositoryUnsupported, failure.Reason);
        Assert.Contains("snapshots/x/manifest.json has format version 5", failure.Message, StringComparison.Ordinal);
        Assert.NotNull(failure.Hint);
    }

    internal static SnapshotFolder NewFolder(string id)
    {
        Assert.True(SnapshotId.TryParse(id, out SnapshotId parsed));
        return new SnapshotFolder(SampleSnapshots.NewYear, parsed);
    }

    private static string Compact(byte[] utf8) => System.Text.Json.Nodes.JsonNode.Parse(utf8)!.ToJsonString();

    /// <summary>Returns the document with its correct digest, computed here as the specification defines it.</summary>
    internal static byte[] Redigested(string document)
    {
        string zeros = System.Text.RegularExpressions.Regex.Replace(
            document,
            "(?<=\"documentSha256\": \")[0-9a-f]{64}",
            _ => new string('0', 64),
            System.Text.RegularExpressions.RegexOptions.None,
            TimeSpan.FromSeconds(5));
        string digest =
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(zeros)));
        return Encoding.UTF8.GetBytes(zeros.Replace(new string('0', 64), digest, StringComparison.Ordinal));
    }
}
