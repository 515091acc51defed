using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>Fields that cannot be changed, because records or the bucket depend on them.</summary>
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
    public async Task The_bucket_and_the_prefix_of_a_location_cannot_be_changed(
        string what, string spec, string changed, string message)
    {
        string name = $"keeps-{what}";
        await AssertRefusedAsync(Documents.Location(spec, name), Documents.Location(changed, name), message);
    }

    [Fact]
    public async Task The_server_and_the_other_fields_of_a_location_can_be_changed()
    {
        await ApplyAsync(Documents.Location($"{Bucket}, prefix: a", "moves"));

        await ApplyAsync(Documents.Location(
            "url: 'https://b', bucketName: abc, credentials: other, prefix: a, region: eu, encryption: None", "moves"));
    }

    [Fact]
    public async Task Every_field_of_a_policy_can_be_changed()
    {
        await ApplyAsync(Documents.Policy("schedule: '@daily'", "changes"));

        await ApplyAsync(Documents.Policy(
            "retainNumBackups: 3, suspend: true, verify: AfterBackup, certsDir: /a, etcdCreds: b", "changes"));
    }

    [Fact]
    public async Task The_spec_of_a_record_cannot_be_changed() =>
        await AssertRefusedAsync(
            Documents.Record("snapshotId: 77f2bb92, policy: a, backuploc: b", "mbr-77f2bb92"),
            Documents.Record("snapshotId: 77f2bb93, policy: a, backuploc: b", "mbr-77f2bb92"),
            "the spec of a record cannot be changed");

    [Fact]
    public async Task The_spec_of_a_restore_cannot_be_changed() =>
        await AssertRefusedAsync(
            Documents.Restore("mbrName: mbr-00f2bb92, pvcName: a", "stays"),
            Documents.Restore("mbrName: mbr-00f2bb92, pvcName: b", "stays"),
            "create another MetadataRestore");

    [Fact]
    public async Task Finalizers_and_labels_can_be_changed_although_the_spec_cannot()
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
