using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>Documents that the definitions of the four kinds accept, and the defaults that they set.</summary>
[Collection(ManifestsTests.Name)]
public sealed class AcceptedDocumentTests(ManifestsFixture fixture)
{
    private const string Bucket = "url: 'https://a', bucketName: abc, credentials: keys";

    [Fact]
    public async Task Documents_of_kubedr_are_accepted_unchanged()
    {
        foreach (string document in Documents.Kubedr)
        {
            ToolResult applied = await fixture.ApplyAsync(document, "--dry-run=server");

            // A warning about the name of kubedr's finalizer is allowed; an unknown field would be rejected.
            Assert.True(applied.ExitCode == 0, applied.StandardError);
        }
    }

    [Theory]
    [InlineData("s3.yaml")]
    [InlineData("directory.yaml")]
    [InlineData("restore.yaml")]
    [InlineData("tiers.yaml")]
    [InlineData("k0rdent.yaml")]
    public async Task A_sample_is_accepted_by_the_definitions(string file)
    {
        ToolResult applied = await fixture.ApplyAsync(ManifestFiles.Read($"samples/{file}"), "--dry-run=server");

        Assert.Equal("", applied.StandardError);
        Assert.Equal(0, applied.ExitCode);
    }

    [Theory]
    [InlineData("s3.yaml")]
    [InlineData("directory.yaml")]
    public async Task The_agent_reads_a_sample_without_a_problem(string file)
    {
        const string etcdCredentials = """
            apiVersion: v1
            kind: Secret
            metadata: {name: etcd-creds}
            stringData: {ca.crt: a, client.crt: b, client.key: c}
            """;

        ResourceSet set = await AgentReader.LoadAsync(ManifestFiles.Read($"samples/{file}"), etcdCredentials);

        Assert.Empty(set.Problems);
        Assert.Single(set.Policies);
    }

    [Theory]
    [InlineData("url: 'https://minio.example.com:9000', bucketName: etcd-backups, credentials: keys")]
    [InlineData("url: 'HTTP://[::1]:9000/', bucketName: a.b-c, credentials: keys, region: eu-1, pathStyle: false")]
    [InlineData("url: 'https://a', bucketName: abc, credentials: keys, prefix: clusters/one.of-them_all")]
    [InlineData("url: 'https://a', bucketName: abc, credentials: keys, encryption: None")]
    [InlineData($"{Bucket}, serverSideEncryption: AES256, storageClass: STANDARD_IA")]
    [InlineData($"{Bucket}, serverSideEncryption: 'aws:kms', kmsKeyId: alias/backups")]
    [InlineData($"{Bucket}, tags: {{team: 'a b', 'x/y': ''}}")]
    [InlineData($"{Bucket}, objectLock: {{mode: Compliance, days: 1}}")]
    [InlineData($"{Bucket}, objectLock: {{mode: Compliance, days: 36500}}")]
    [InlineData($"{Bucket}, signers: ['{Documents.Signer}']")]
    [InlineData($"{Bucket}, signers: ['{Documents.Signer} of the agent']")]
    [InlineData("url: 'file:///var/backups/etcd', credentials: keys")]
    [InlineData("url: 'file:///var/backups/etcd', encryption: None")]
    [InlineData($"url: 'file:///var/backups/etcd', encryption: {{recipients: [{Documents.Recipient}]}}")]
    public async Task A_location_is_accepted_by_its_definition_and_by_the_agent(string spec) =>
        await AssertAcceptedAsync(Documents.Location(spec));

    [Fact]
    public async Task A_location_with_a_post_quantum_recipient_is_accepted_by_its_definition_and_by_the_agent()
    {
        using AgeIdentity identity = AgeIdentity.GeneratePostQuantum();

        await AssertAcceptedAsync(Documents.Location(
            $"url: 'file:///var/backups/etcd', encryption: {{recipients: [{identity.Recipient}]}}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("schedule: '*/10 * * * *', timeZone: Europe/Berlin")]
    [InlineData("source: Objects")]
    [InlineData("source: Objects, objects: {resources: [deploy], namespaces: ['team-*'], labelSelector: 'a=b,!c'}")]
    [InlineData("source: Objects, objects: {orLabelSelectors: [a=b, 'c in (d, e)'], includeClusterResources: Always}")]
    [InlineData("source: Objects, objects: {inheritNamespaceLabels: true, excludeNames: ['*-tmp']}")]
    [InlineData("schedule: ' 0  2 ? JAN-MAR,12 mon '")]
    [InlineData("schedule: 5/20 9-17/2 1 * 7")]
    [InlineData("schedule: '@hourly', suspend: true")]
    [InlineData("schedule: '@midnight', verify: AfterBackup")]
    [InlineData("schedule: '@every 1h30m'")]
    [InlineData("schedule: '@every 1.5h'")]
    [InlineData("etcdEndpoint: 'http://127.0.0.1:2379'")]
    [InlineData("etcdEndpoint: 'https://10.0.0.1:2379,https://10.0.0.2:2379/ , https://[::1]:2379'")]
    [InlineData("retainNumBackups: 1, certsDir: /etc/kubernetes/pki, etcdCreds: etcd-creds")]
    [InlineData("etcdServerName: etcd.example.com, hashKV: AfterBackup")]
    [InlineData("etcdServerName: '::1', hashKV: Never")]
    [InlineData("etcdServerName: 10.0.0.1, hashKV: Daily")]
    [InlineData("increments: {}, changeLog: {}")]
    [InlineData("changeLog: {closeEvery: 1s, closeBytes: 64Ki, keep: 1m}")]
    [InlineData("changeLog: {closeEvery: 1h, closeBytes: 256Mi, keep: 30d}")]
    [InlineData("changeLog: {closeEvery: 1m30s, closeBytes: 8388608, keep: 36h}")]
    [InlineData("changeLog: {closeBytes: '100000'}")]
    [InlineData("changeLog: {closeBytes: 16M}")]
    [InlineData("retention: {last: 1}")]
    [InlineData("retention: {hourly: 24, daily: 7, weekly: 4, monthly: 12, yearly: 10}, timeZone: Europe/Berlin")]
    [InlineData("retention: {within: 36h, maxBytes: 50Gi, minimum: 3, ttl: 90d}")]
    [InlineData("retention: {maxBytes: 1048576}, retainNumBackups: 3")]
    [InlineData("beforeUpgrade: {watch: {apiVersion: k8s.io/v1beta1, kind: Release, name: a, field: .spec.release}}")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: v1, kind: ConfigMap, name: kubeadm-config, namespace: kube-system, "
        + "field: '{.data.ClusterConfiguration}', inner: .kubernetesVersion}}")]
    [InlineData("options: {master-node-label-name: ismasternode}")]
    [InlineData("options: {master-node-label-name: example.com/is_master, other: thing}")]
    [InlineData("options: {execution: InProcess}")]
    [InlineData("options: {execution: CronJob}")]
    public async Task A_policy_is_accepted_by_its_definition_and_by_the_agent(string spec) =>
        await AssertAcceptedAsync(Documents.Policy(spec));

    [Theory]
    [InlineData("securityContext: {runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000, supplementalGroups: [3000]}")]
    [InlineData("nodeSelector: {kubernetes.io/hostname: control-2}")]
    public async Task A_restore_is_accepted(string spec)
    {
        string document = Documents.Restore($"mbrName: a, pvcName: b, {spec}");

        ToolResult applied = await fixture.ApplyAsync(document, "--dry-run=server");

        Assert.Equal(("", 0), (applied.StandardError, applied.ExitCode));
    }

    [Theory]
    [InlineData("mbrName: a")]
    [InlineData("mbrName: a, revision: 17")]
    [InlineData("policy: a, revision: 17")]
    [InlineData("policy: a, at: '2026-11-29T10:15:00Z'")]
    [InlineData("policy: a, at: '2026-11-29T11:15:00.125+01:00'")]
    public async Task A_restore_of_a_snapshot_a_revision_or_a_moment_is_accepted(string spec)
    {
        ToolResult applied = await fixture.ApplyAsync(Documents.Restore($"{spec}, pvcName: b"), "--dry-run=server");

        Assert.Equal(("", 0), (applied.StandardError, applied.ExitCode));
    }

    [Theory]
    [InlineData("")]
    [InlineData("resources: [configmaps, deploy, widgets.example.com, secrets/password, 'clusterroles/system:a']")]
    [InlineData("namespaces: [web, 'shop-*'], labelSelector: 'app in (a,b)', namespaceSelector: team=a")]
    [InlineData("excludeResources: [pods], excludeNamespaces: [a], excludeNames: ['tmp-*']")]
    [InlineData("excludeLabelSelector: a, excludeNamespaceSelector: b, existing: Replace, withRelated: true")]
    [InlineData("mapNamespaces: {web: web-copy}, patches: {name: a, key: b.yaml}, dryRun: true")]
    [InlineData("encryptionConfig: {name: a, key: config.yaml}")]
    public async Task A_restore_of_objects_is_accepted(string fields)
    {
        string objects = $"objects: {{serviceAccountName: object-restore, {fields}}}";
        foreach (string source in new[] { "mbrName: a", "mbrName: a, revision: 7", "policy: a, revision: 7" })
        {
            ToolResult applied = await fixture.ApplyAsync(
                Documents.Restore($"{source}, {objects}"), "--dry-run=server");

            Assert.Equal(("", 0), (applied.StandardError, applied.ExitCode));
        }
    }

    [Fact]
    public async Task Omitted_fields_of_a_policy_get_their_defaults()
    {
        string spec = await ShownAsync(Documents.Policy(""));

        Assert.Equal(
            "destination=disk etcdCreds=etcd-creds etcdEndpoint=https://127.0.0.1:2379 hashKV=Daily "
            + "retainNumBackups=120 source=Etcd "
            + "suspend=false verify=Never",
            string.Join(' ', JsonNode.Parse(spec)!.AsObject().Select(field => $"{field.Key}={field.Value}")));
    }

    [Fact]
    public async Task Omitted_fields_of_increments_and_of_the_change_log_get_their_defaults()
    {
        JsonNode spec = JsonNode.Parse(await ShownAsync(Documents.Policy("increments: {}, changeLog: {}")))!;

        Assert.Equal("""{"fullEvery":"24h","sizeMaxPercent":30}""", spec["increments"]!.ToJsonString());
        Assert.Equal(
            """{"closeBytes":"8Mi","closeEvery":"30s","keep":"7d"}""", spec["changeLog"]!.ToJsonString());
    }

    [Fact]
    public async Task Only_the_minimum_of_a_retention_gets_a_default()
    {
        JsonNode spec = JsonNode.Parse(await ShownAsync(Documents.Policy("retention: {daily: 7}")))!;

        Assert.Equal("""{"daily":7,"minimum":1}""", spec["retention"]!.ToJsonString());
    }

    [Fact]
    public async Task A_location_gets_no_defaults_for_fields_that_may_not_apply()
    {
        string spec = await ShownAsync(Documents.Location("url: 'file:///var/backups/etcd', encryption: None"));

        Assert.Equal("""{"encryption":"None","url":"file:///var/backups/etcd"}""", spec);
    }

    [Fact]
    public async Task An_unknown_field_is_reported_and_dropped()
    {
        string document = Documents.Policy("retain: 3");

        ToolResult strict = await fixture.ApplyAsync(document, "--dry-run=server");
        ToolResult loose = await fixture.ApplyAsync(
            document, "--dry-run=server", "--validate=ignore", "-o", "jsonpath={.spec.retain}{.spec.destination}");

        Assert.Contains("unknown field \"spec.retain\"", strict.StandardError, StringComparison.Ordinal);
        Assert.Equal("disk", loose.Output);
    }

    private async Task AssertAcceptedAsync(string document)
    {
        ToolResult applied = await fixture.ApplyAsync(document, "--dry-run=server");

        Assert.Equal("", applied.StandardError);
        Assert.Equal(0, applied.ExitCode);
        Assert.Empty(await AgentReader.ErrorsAsync(document));
    }

    private async Task<string> ShownAsync(string document) =>
        (await fixture.ApplyAsync(document, "--dry-run=server", "-o", "jsonpath={.spec}")).Output;
}
