using System.Globalization;
using System.Text;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Resources.Directories;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources.Directories;

public sealed class DirectoryResourceStoreTests
{
    [Fact]
    public async Task The_sample_policy_of_kubedr_works_unchanged()
    {
        using DirectoryFixture directory = new();
        File.Copy(
            Path.Combine(AppContext.BaseDirectory, "Resources", "documents", "kubedr-policy.yaml"),
            directory["policy.yaml"]);
        directory.With(
            "rest.yaml",
            DirectoryFixture.BareLocation("url: https://minio.example:9000", "bucketName: etcd", "credentials: minio")
                .Replace("name: l", "name: remote-minio", StringComparison.Ordinal),
            DirectoryFixture.Secret("minio", "access_key", "secret_key", "restic_repo_password"),
            DirectoryFixture.Secret("etcd-creds", "ca.crt", "client.crt", "client.key"));

        ResourceSet set = await directory.ExpectAsync();

        PassphraseLocation encryption = Assert.IsType<PassphraseLocation>(
            Assert.Single(set.Locations).Value.Encryption);
        Assert.Equal("restic_repo_password", encryption.SecretKey);
        BackupPolicy policy = Assert.Single(set.Policies).Value;
        Assert.Equal(new ResourceName("kubedr-system", "test-backup"), policy.Name);
        Assert.Equal(new ResourceName("kubedr-system", "remote-minio"), policy.Destination);
        Assert.Equal("/etc/kubernetes/pki", policy.CertsDirectory);
        Assert.Equal([new Uri("https://127.0.0.1:2379")], policy.EtcdEndpoints);
        Assert.Equal(new ResourceName("kubedr-system", "etcd-creds"), policy.EtcdCredentials);
        Assert.Equal("*/10 * * * *", policy.Schedule!.Text);
        Assert.Equal("UTC", policy.Schedule.TimeZone.Id);
        Assert.Equal(1, policy.Retention.Last);
        Assert.False(policy.Suspend);
        Assert.Empty(policy.Options);
    }

    [Fact]
    public async Task Defaults_are_those_of_kubedr()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "all.yaml",
            DirectoryFixture.Disk,
            DirectoryFixture.Header + "kind: MetadataBackupPolicy\nmetadata: {name: p}\nspec: {destination: disk}",
            DirectoryFixture.Secret("etcd-creds", "ca.crt", "client.crt", "client.key"));

        BackupPolicy policy = Assert.Single((await directory.ExpectAsync()).Policies).Value;

        Assert.Equal([new Uri("https://127.0.0.1:2379")], policy.EtcdEndpoints);
        Assert.Equal(120, policy.Retention.Last);
        Assert.Null(policy.Schedule);
        Assert.Null(policy.CertsDirectory);
        Assert.Null(policy.EtcdServerName);
        Assert.Equal(PolicyHashKv.Daily, policy.HashKv);
        Assert.Null(policy.ChangeLog);
        Assert.False(policy.Suspend);
    }

    [Fact]
    public async Task A_policy_sets_when_HashKV_is_requested_and_the_server_name_of_etcd()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "all.yaml",
            DirectoryFixture.Disk,
            DirectoryFixture.Policy("etcdServerName: etcd.example.com", "hashKV: AfterBackup"));
        ResourceSet set = await directory.ExpectAsync();

        BackupPlan plan = BackupPlan.Of(Assert.Single(set.Policies).Value, set, BackupOccasion.Scheduled);

        Assert.Equal("etcd.example.com", plan.Etcd!.ServerName);
        Assert.Equal(PolicyHashKv.AfterBackup, plan.Request.HashKv);
    }

    [Theory]
    [InlineData("{}", 30, 8 << 20, 7 * 24 * 3600)]
    [InlineData("{closeEvery: 1m30s, closeBytes: 64Ki, keep: 30d}", 90, 64 << 10, 30 * 24 * 3600)]
    [InlineData("{closeEvery: 1s, closeBytes: 16000000, keep: 36h}", 1, 16_000_000, 36 * 3600)]
    [InlineData("{closeEvery: 1h, closeBytes: '2M', keep: 1m}", 3600, 2_000_000, 60)]
    public async Task A_policy_sets_how_its_change_log_is_written(
        string fields, int closeEverySeconds, long closeBytes, int keepSeconds)
    {
        using DirectoryFixture directory = new();
        directory.With("all.yaml", DirectoryFixture.Disk, DirectoryFixture.Policy($"changeLog: {fields}"));

        BackupPolicy policy = Assert.Single((await directory.ExpectAsync()).Policies).Value;

        Assert.Equal(
            new PolicyChangeLog
            {
                CloseEvery = TimeSpan.FromSeconds(closeEverySeconds),
                CloseBytes = closeBytes,
                Keep = TimeSpan.FromSeconds(keepSeconds),
            },
            policy.ChangeLog);
        Assert.Equal(TimeSpan.FromHours(24), policy.SnapshotEvery);
    }

    [Fact]
    public async Task The_snapshots_of_a_change_log_are_made_as_often_as_full_ones()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "all.yaml",
            DirectoryFixture.Disk,
            DirectoryFixture.Policy("increments: {fullEvery: 6h}", "changeLog: {typo: 1}"));

        ResourceSet set = await directory.ExpectAsync(
            "Warning: all.yaml:17: MetadataBackupPolicy kubedr-system/p: spec.changeLog.typo: is not a known field");

        Assert.Equal(TimeSpan.FromHours(6), Assert.Single(set.Policies).Value.SnapshotEvery);
    }

    [Fact]
    public async Task Several_documents_lists_and_JSON_are_read_and_other_kinds_give_a_warning()
    {
        using DirectoryFixture directory = new();
        directory
            .With(
                "a.yml",
                DirectoryFixture.Disk,
                "# nothing here",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}")
            .With(
                "b.json",
                """
                {"apiVersion": "v1", "kind": "List", "items": [
                  {"apiVersion": "kubedr.catalogicsoftware.com/v1alpha1", "kind": "MetadataBackupPolicy",
                   "metadata": {"name": "j", "namespace": "kubedr-system"},
                   "spec": {"destination": "disk", "etcdEndpoint": "http://a:1,http://[::1]:2379", "suspend": true}},
                  {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
                   "data": {"k": "QUJD", "both": "QUJD"}, "stringData": {"both": "over"}}
                ]}
                """)
            .With("notes.txt", "not: read");

        ResourceSet set = await directory.ExpectAsync(
            "Warning: a.yml:12: document: kind: 'Deployment' of 'apps/v1' is ignored");

        BackupPolicy policy = Assert.Single(set.Policies).Value;
        Assert.Equal(["a", "[::1]"], policy.EtcdEndpoints.Select(endpoint => endpoint.Host));
        Assert.True(policy.Suspend);
        SecretContent secret = Assert.Single(set.Secrets).Value;
        Assert.Equal("ABC", Encoding.ASCII.GetString(secret.Data["k"]));
        Assert.Equal("over", Encoding.ASCII.GetString(secret.Data["both"]));
    }

    [Fact]
    public async Task The_version_changes_with_the_content_and_only_with_it()
    {
        using DirectoryFixture directory = new();
        directory.With("a.yaml", DirectoryFixture.Disk);
        string first = (await directory.LoadAsync()).Version;
        string again = (await directory.LoadAsync()).Version;
        directory.With("a.yaml", DirectoryFixture.Disk + "# more");
        string changed = (await directory.LoadAsync()).Version;
        File.Move(directory["a.yaml"], directory["b.yaml"]);
        string renamed = (await directory.LoadAsync()).Version;

        Assert.Equal(first, again);
        Assert.Equal(4, new[] { first, changed, renamed, "" }.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task A_mounted_ConfigMap_is_read_through_its_symbolic_links()
    {
        using DirectoryFixture directory = new();
        Directory.CreateDirectory(directory["..2026_05_01"]);
        File.WriteAllText(Path.Combine(directory["..2026_05_01"], "disk.yaml"), DirectoryFixture.Disk);
        Directory.CreateSymbolicLink(directory["..data"], "..2026_05_01");
        File.CreateSymbolicLink(directory["disk.yaml"], "..data/disk.yaml");

        Assert.Single((await directory.ExpectAsync()).Locations);
    }

    [Fact]
    public async Task A_directory_that_does_not_exist_is_a_failure()
    {
        BackupException e = await Assert.ThrowsAsync<BackupException>(
            () => new DirectoryResourceStore("/no/such/directory").LoadAsync(CancellationToken.None));
        Assert.Equal(FailureReason.InvalidInput, e.Reason);
        Assert.Contains("/no/such/directory", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_syntax_error_names_the_line_and_keeps_the_documents_before_it()
    {
        using DirectoryFixture directory = new();
        directory.With("a.yaml", DirectoryFixture.Disk + "---\nkind: [Secret\nmetadata: {}\n");

        ResourceSet set = await directory.ExpectAsync("Error: a.yaml:8: file: is not readable as YAML: column ");

        Assert.Single(set.Locations);
        Assert.Null(set.Problems[0].Name);
    }

    [Theory]
    [InlineData(
        "a: 1\nb: 2\na: 3",
        "a.yaml:3: file: is not readable as YAML: column 1: the field 'a' is a duplicate; first: a.yaml:1")]
    [InlineData(
        "a: *unknown",
        "a.yaml:1: file: is not readable as YAML: column 4: this alias refers to no earlier anchor")]
    [InlineData(
        "a: &x [*x]",
        "a.yaml:1: file: is not readable as YAML: column 8: this alias refers to no earlier anchor")]
    [InlineData("b: &b {c: 1}\n<<: *b", "a.yaml:2: file: is not readable as YAML: column 1: merge keys")]
    [InlineData("? [a]\n: 1", "a.yaml:1: file: is not readable as YAML: column 3: the name of a field must be a text")]
    [InlineData("a: [half a fi", "a.yaml:2: file: is not readable as YAML: column ")]
    [InlineData("- 1", "a.yaml:1: document: is a list, but must be a mapping")]
    [InlineData("just text", "a.yaml:1: document: is a text, but must be a mapping")]
    public async Task An_invalid_document_is_refused(string text, string problem)
    {
        using DirectoryFixture directory = new();
        directory.With("a.yaml", text);
        await directory.ExpectAsync("Error: " + problem);
    }

    [Fact]
    public async Task A_bomb_of_aliases_is_refused_at_the_limit()
    {
        StringBuilder text = new("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 40; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"a{i}: &a{i} [")
                .AppendJoin(',', Enumerable.Repeat($"*a{i - 1}", 10))
                .Append("]\n");
        }

        using DirectoryFixture directory = new();
        directory.With("a.yaml", text.ToString());
        await directory.ExpectAsync("Error: a.yaml:5: file: is not readable as YAML: column ");
    }

    [Fact]
    public async Task Deep_nesting_large_files_and_invalid_UTF8_are_refused()
    {
        using DirectoryFixture directory = new();
        directory.With("a.yaml", new string('[', 5000));
        File.WriteAllBytes(directory["b.yaml"], new byte[DirectoryResourceStore.FileBytesMax + 1]);
        File.WriteAllBytes(directory["c.yaml"], [(byte)'a', 0xC3, 0x28]);

        await directory.ExpectAsync(
            "Error: a.yaml:1: file: is not readable as YAML: column 66: nested deeper than 64 levels",
            "Error: b.yaml: file: has 8,388,609 bytes; allowed are 8,388,608",
            "Error: c.yaml: file: is not UTF-8 text (byte 1)");
    }

    [Fact]
    public async Task A_damaged_file_never_throws()
    {
        // Documents with random damage, from a fixed seed: they give problems, and never an exception.
        Random random = new(20260501);
        byte[] good = Encoding.UTF8.GetBytes(
            DirectoryFixture.Disk + "---\n" + DirectoryFixture.Policy("schedule: '@daily'", "options: {a: b}") + "---\n"
            + DirectoryFixture.Secret("s", "k") + "--- &x\n[*x, !!str 1, {a: |\n  text\n}]\n");
        using DirectoryFixture directory = new();
        for (int round = 0; round < 500; round++)
        {
            byte[] bad = [.. good];
            for (int hit = random.Next(1, 4); hit > 0; hit--)
            {
                bad[random.Next(bad.Length)] = (byte)" \n:-{}[]&*!|>'\"%@`#,?\t0\u007f"[random.Next(24)];
            }

            File.WriteAllBytes(directory["a.yaml"], bad);
            ResourceSet set = await directory.LoadAsync();
            Assert.All(set.Problems, problem => Assert.StartsWith("a.yaml", problem.Where, StringComparison.Ordinal));
        }
    }
}
