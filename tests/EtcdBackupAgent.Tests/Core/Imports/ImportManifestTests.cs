using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Imports;
using Xunit;

namespace EtcdBackupAgent.Tests.Core.Imports;

/// <summary>The manifest of an import has what a file has, and that of a backup has everything.</summary>
public sealed class ImportManifestTests
{
    private static SnapshotManifest Backup { get; } = SampleSnapshots.Manifest(
        new SnapshotFolder(SampleSnapshots.NewYear, SnapshotId.New()));

    private static SnapshotManifest Import { get; } = Backup with
    {
        FormatVersion = RepositoryJson.ImportFormatVersion,
        Reason = BackupReason.Import,
        Etcd = Backup.Etcd! with
        {
            Endpoint = null,
            MemberId = null,
            Role = null,
            Version = null,
            RaftTerm = null,
            HashKv = null,
        },
        Import = new SnapshotImport
        {
            ImportedAt = SampleSnapshots.NewYear,
            Packing = ImportPacking.Zip,
            TrailerAppended = true,
            TakenAtFrom = ImportTime.File,
            ClusterIdFrom = ImportClusterId.Computed,
        },
    };

    public static TheoryData<string, string> Contradictions => new()
    {
        { "version", "has format version 3" },
        { "reason", "says of what it was imported" },
        { "import", "does not say of what" },
        { "log", "not of a whole database" },
        { "endpoint", "its etcd.endpoint is missing" },
        { "raftIndex", "its etcd.raftIndex is missing" },
    };

    [Fact]
    public void It_is_read_as_it_was_written()
    {
        byte[] written = RepositoryJson.Write(Import);

        SnapshotManifest read = RepositoryJson.ReadManifest(written, "it");

        Assert.Equal(Import.Etcd, read.Etcd);
        Assert.Equal(Import.Import, read.Import);
        JsonObject document = JsonNode.Parse(written)!.AsObject();
        Assert.Equal(4, (int)document["formatVersion"]!);
        Assert.Equal("import", (string?)document["reason"]);
        Assert.False(document["etcd"]!.AsObject().ContainsKey("endpoint"));
        Assert.Equal("Zip", (string?)document["import"]!["packing"]);
    }

    [Theory]
    [MemberData(nameof(Contradictions))]
    public void Fields_that_contradict_each_other_are_damage(string field, string why)
    {
        SnapshotManifest wrong = field switch
        {
            "version" => Import with { FormatVersion = 3 },
            "reason" => Import with { Reason = BackupReason.OnDemand },
            "import" => Import with { Import = null },
            "log" => Import with { ChangeLog = new SnapshotLog { Lineage = LineageId.New() } },
            "endpoint" => Backup with { Etcd = Backup.Etcd! with { Endpoint = null } },
            _ => Backup with { Etcd = Backup.Etcd! with { RaftIndex = null } },
        };

        BackupException e = Assert.Throws<BackupException>(
            () => RepositoryJson.ReadManifest(RepositoryJson.Write(wrong), "it"));

        Assert.Equal(FailureReason.DataDamaged, e.Reason);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_zip_archive_says_how_many_files_it_has_before_it_is_opened()
    {
        byte[] end = new byte[100];
        "PK\x05\x06"u8.CopyTo(end.AsSpan(60));
        end[70] = 7;
        Assert.Equal(7, ZipDirectory.CountEntries(new MemoryStream(end)));
        Assert.Throws<InvalidDataException>(
            () => ZipDirectory.CountEntries(new MemoryStream(Encoding.ASCII.GetBytes("no end"))));
    }
}
