using System.Text.RegularExpressions;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>The output of <c>kubectl get</c> for the four kinds with statuses as the agent writes them.</summary>
[Collection(ManifestsTests.Name)]
public sealed class ShownObjectTests(ManifestsFixture fixture)
{
    private const StringSplitOptions ByBlanks = StringSplitOptions.RemoveEmptyEntries;

    private const string Condition = """
        {"type":"Ready","status":"True","reason":"Right","message":"It is.","observedGeneration":1,
         "lastTransitionTime":"2026-05-01T12:00:00Z"}
        """;

    [Fact]
    public async Task A_location_shows_its_repository()
    {
        await CreateAsync(
            Documents.Location("url: 'https://a:9000', bucketName: abc, credentials: keys", "shown"),
            "bl",
            $$"""
            {"observedGeneration":1,"initStatus":"Completed","initTime":"2026-05-01T12:00:00Z","snapshots":7,
             "storedBytes":123456789012,"lastSyncTime":"2026-05-01T12:00:00Z","conditions":[{{Condition}}],
             "pinned":{"repositoryId":"a","recipients":["age1"],"pinnedAt":"2026-05-01T12:00:00Z"} }
            """);

        await AssertShownAsync(
            "bl", "NAME STATUS URL BUCKET SNAPSHOTS SYNCED AGE", @"shown Completed https://a:9000 abc 7 \S+ \S+");
        Assert.Equal(
            "age1", await fixture.KubectlAsync("get", "bl", "shown", "-o", "jsonpath={.status.pinned.recipients[0]}"));
    }

    [Fact]
    public async Task A_policy_shows_its_last_backup()
    {
        await CreateAsync(
            Documents.Policy("schedule: '@daily'", "shown"),
            "mbp",
            $$"""
            {"observedGeneration":1,"backupTime":"2026-05-01T12:00:00Z","backupStatus":"Completed","backupPod":"p",
             "mbrName":"mbr-00f2bb92","snapshotId":"00f2bb92","filesNew":2,"filesChanged":0,"dataAdded":123456789012,
             "totalBytesProcessed":123456789012,"totalDurationSecs":"1.5","lastSuccessTime":"2026-05-01T12:00:00Z",
             "etcdClusterId":"cdf818194e3a8c32","lastBackupNow":"1","verifiedTime":"2026-05-01T12:00:00Z",
             "restorableFrom":"2026-05-01T11:00:00Z","restorableTo":"2026-05-01T12:00:00Z",
             "conditions":[{{Condition}}]}
            """);

        await AssertShownAsync(
            "mbp",
            "NAME READY SCHEDULE SUSPEND STATUS LAST BACKUP SNAPSHOT AGE",
            @"shown True @daily false Completed \S+ 00f2bb92 \S+");
        string waited = await fixture.KubectlAsync("wait", "mbp/shown", "--for=condition=Ready");
        Assert.Contains("condition met", waited, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_shows_its_snapshot()
    {
        await CreateAsync(
            Documents.Record("snapshotId: 00aabb92, policy: a, backuploc: b", "mbr-00aabb92"),
            "mbr",
            """
            {"startedAt":"2026-05-01T12:00:00Z","completedAt":"2026-05-01T12:00:05Z","sizeBytes":123456789012,
             "storedBytes":1234,"etcdRevision":99999999999,"etcdClusterId":"cdf818194e3a8c32","verified":"Sound",
             "verifiedAt":"2026-05-01T12:00:00Z","lockedUntil":"2026-06-01T12:00:00Z"}
            """,
            "mbr-00aabb92");

        await AssertShownAsync(
            "mbr",
            "NAME SNAPSHOT POLICY LOCATION BYTES VERIFIED COMPLETED LOCKED UNTIL AGE",
            @"mbr-00aabb92 00aabb92 a b 123456789012 Sound \S+ 2026-06-01T12:00:00Z \S+");
    }

    [Fact]
    public async Task A_restore_shows_its_progress()
    {
        await CreateAsync(
            Documents.Restore("mbrName: mbr-00f2bb92, pvcName: claim", "shown"),
            "mr",
            $$"""
            {"observedGeneration":1,"restoreStatus":"Completed","restoreTime":"2026-05-01T12:00:00Z",
             "progressPercent":100,"snapshotId":"00f2bb92","restoredRevision":99999999999,
             "restoredMoment":"2026-05-01T12:00:00Z","restoredExactly":true,"restoredCertainty":"c",
             "conditions":[{{Condition}}]}
            """);

        await AssertShownAsync(
            "mr",
            "NAME STATUS PROGRESS RECORD CLAIM SNAPSHOT AGE",
            @"shown Completed 100 mbr-00f2bb92 claim 00f2bb92 \S+");
    }

    [Fact]
    public async Task A_restore_of_objects_shows_what_failed()
    {
        await CreateAsync(
            Documents.Restore("mbrName: mbr-00f2bb92, objects: {serviceAccountName: a}", "objects"),
            "mr",
            $$"""
            {"observedGeneration":1,"restoreStatus":"Failed","restoreErrorMessage":"m","progressPercent":100,
             "snapshotId":"00f2bb92","conditions":[{{Condition}}],"objects":{"dryRun":false,"created":4,"updated":0,
             "replaced":0,"skipped":1,"failed":2,"cannot":1,"missingRights":["create secrets in namespace web"],
             "failures":[{"resource":"secrets","namespace":"web","name":"password","reason":"forbidden"}]} }
            """,
            "objects");

        await AssertShownAsync(
            "mr",
            "NAME STATUS PROGRESS RECORD CLAIM SNAPSHOT AGE",
            @"objects Failed 100 mbr-00f2bb92 00f2bb92 \S+");
        Assert.Equal("2 secrets", await fixture.KubectlAsync(
            "get", "mr", "objects", "-o", "jsonpath={.status.objects.failed} {.status.objects.failures[0].resource}"));
    }

    [Fact]
    public async Task The_category_lists_all_four_kinds()
    {
        string[] documents =
        [
            Documents.Location("url: 'file:///a', encryption: None", "listed"),
            Documents.Policy("", "listed"),
            Documents.Record("snapshotId: 22f2bb92, policy: a, backuploc: b", "listed"),
            Documents.Restore("mbrName: a, pvcName: b", "listed"),
        ];
        await fixture.Server.ApplyAsync(string.Join("\n---\n", documents), "-n", ManifestsFixture.Namespace);

        string[] names = (await fixture.KubectlAsync("get", "kubedr", "-o", "name")).Split('\n');

        Assert.Contains("backuplocation.kubedr.catalogicsoftware.com/listed", names);
        Assert.Contains("metadatabackuppolicy.kubedr.catalogicsoftware.com/listed", names);
        Assert.Contains("metadatabackuprecord.kubedr.catalogicsoftware.com/listed", names);
        Assert.Contains("metadatarestore.kubedr.catalogicsoftware.com/listed", names);
    }

    [Fact]
    public async Task A_status_with_the_time_format_of_kubedr_is_accepted()
    {
        await CreateAsync(
            Documents.Policy("schedule: '@daily'", "upgraded"),
            "mbp",
            """{"backupTime":"Thu Jan 30 16:02:53 PST 2020","backupStatus":"Completed","totalDurationSecs":"2.4"}""",
            "upgraded");

        await PatchStatusAsync("mbp", "upgraded", """{"observedGeneration":1}""");
    }

    private async Task CreateAsync(string document, string kind, string status, string name = "shown")
    {
        await fixture.Server.ApplyAsync(document, "-n", ManifestsFixture.Namespace);
        await PatchStatusAsync(kind, name, status);
    }

    private Task PatchStatusAsync(string kind, string name, string status) => fixture.KubectlAsync(
        "patch", kind, name, "--subresource=status", "--type=merge", "-p", $$"""{"status": {{status}} }""");

    /// <summary>Asserts the header of the table and one row that matches, ignoring repeated blanks.</summary>
    private async Task AssertShownAsync(string kind, string head, string row)
    {
        string table = await fixture.KubectlAsync("get", kind);
        string[] lines = [.. table.Split('\n').Select(line => string.Join(' ', line.Split(' ', ByBlanks)))];

        Assert.Equal(head, lines[0]);
        Assert.Contains(lines, line => Regex.IsMatch(line, $"^{row}$", RegexOptions.None, TimeSpan.FromSeconds(1)));
    }
}
