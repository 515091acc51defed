using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>Which fields stay as they were made, because records or the bucket depend on them.</summary>
[Collection(ManifestsTests.Name)]
public sealed class ImmutableFieldTests(ManifestsFixture fixture)
{
    private const string Bucket = "url: 'https://a', bucketName: abc, credentials: keys";
    private const string OtherBucket = "url: 'https://a', bucketName: other, credentials: keys";

    [Theory]
    [InlineData("bucket", Bucket, OtherBucket, "bucketName cannot be changed")]
    [InlineData("prefix", $"{Bucket}, prefix: a", $"{Bucket}, prefix: b", "prefix cannot be changed")]
    [InlineData("added", Bucket, $"{Bucket}, prefix: b", "prefix cannot be changed")]
    [InlineData("removed", $"{Bucket}, prefix: a", Bucket, "create another BackupLocation")]
    public async Task A_location_keeps_its_bucket_and_prefix(string what, string spec, string changed, string message)
    {
        string name = $"keeps-{what}";
        await AssertRefusedAsync(Documents.Location(spec, name), Documents.Location(changed, name), message);
    }

    [Fact]
    public async Task A_locations_server_may_move_and_its_other_fields_may_change()
    {
        await ApplyAsync(Documents.Location($"{Bucket}, prefix: a", "moves"));

        await ApplyAsync(Documents.Location(
            "url: 'https://b', bucketName: abc, credentials: other, prefix: a, region: eu, encryption: None", "moves"));
    }

    [Fact]
    public async Task Every_field_of_a_policy_may_change()
    {
        await ApplyAsync(Documents.Policy("schedule: '@daily'", "changes"));

        await ApplyAsync(Documents.Policy(
            "retainNumBackups: 3, suspend: true, verify: AfterBackup, certsDir: /a, etcdCreds: b", "changes"));
    }

    [Fact]
    public async Task A_record_stays_as_it_is() =>
        await AssertRefusedAsync(
            Documents.Record("snapshotId: 77f2bb92, policy: a, backuploc: b", "mbr-77f2bb92"),
            Documents.Record("snapshotId: 77f2bb93, policy: a, backuploc: b", "mbr-77f2bb92"),
            "the spec of a record cannot be changed");

    [Fact]
    public async Task A_restore_stays_as_it_is() =>
        await AssertRefusedAsync(
            Documents.Restore("mbrName: mbr-00f2bb92, pvcName: a", "stays"),
            Documents.Restore("mbrName: mbr-00f2bb92, pvcName: b", "stays"),
            "create another MetadataRestore");

    [Fact]
    public async Task A_finalizer_and_a_label_may_change_where_the_spec_may_not()
    {
        await ApplyAsync(Documents.Record("snapshotId: 11f2bb92, policy: a, backuploc: b", "mbr-11f2bb92"));

        await fixture.KubectlAsync("label", "mbr", "mbr-11f2bb92", "checked=yes");
        await PatchAsync("""{"metadata":{"finalizers":["mbr.finalizers.kubedr.catalogicsoftware.com"]}}""");
        await PatchAsync("""{"metadata":{"finalizers":null}}""");

        Task PatchAsync(string patch) =>
            fixture.KubectlAsync("patch", "mbr", "mbr-11f2bb92", "--type=merge", "-p", patch);
    }

    private async Task AssertRefusedAsync(string document, string changed, string message)
    {
        await ApplyAsync(document);

        ToolResult refused = await fixture.ApplyAsync(changed);

        Assert.Contains(message, refused.StandardError, StringComparison.Ordinal);
        Assert.NotEqual(0, refused.ExitCode);
    }

    private async Task ApplyAsync(string document)
    {
        ToolResult applied = await fixture.ApplyAsync(document);

        Assert.Equal("", applied.StandardError);
        Assert.Equal(0, applied.ExitCode);
    }
}
