using EtcdBackupAgent.Testing.Processes;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.Manifests;

/// <summary>Documents that the definitions of the four kinds reject, and the error messages.</summary>
[Collection(ManifestsTests.Name)]
public sealed class RefusedDocumentTests(ManifestsFixture fixture)
{
    private const string Bucket = "url: 'https://a', bucketName: abc, credentials: keys";
    private const string Directory = "url: 'file:///a', encryption: None";

    [Theory]
    [InlineData("bucketName: abc, credentials: keys", "spec.url: Required value")]
    [InlineData("url: 's3://bucket', bucketName: abc, credentials: keys", "url must be an S3 endpoint")]
    [InlineData("url: minio.example.com, bucketName: abc, credentials: keys", "url must be an S3 endpoint")]
    [InlineData("url: 'https://a/bucket', bucketName: abc, credentials: keys", "the bucket belongs in bucketName")]
    [InlineData("url: 'https://me:secret@a', bucketName: abc, credentials: keys", "keys in credentials")]
    [InlineData("url: 'file://a/b', encryption: None", "a directory, file:///absolute/path")]
    [InlineData("url: 'https://a', credentials: keys", "an S3 location needs bucketName, the bucket")]
    [InlineData("url: 'https://a', bucketName: abc, encryption: None", "an S3 location needs credentials")]
    [InlineData("url: 'https://a', bucketName: Abc, credentials: keys", "bucketName must be 3 to 63 lower-case")]
    [InlineData("url: 'https://a', bucketName: ab, credentials: keys", "bucketName must be 3 to 63 lower-case letters")]
    [InlineData("url: 'https://a', bucketName: a..b, credentials: keys", "no two dots together")]
    [InlineData("url: 'https://a', bucketName: 10.0.0.1, credentials: keys", "and no IP address")]
    [InlineData("url: 'https://a', bucketName: abc", "an S3 location needs credentials, the name of a Secret")]
    [InlineData("url: 'https://a', bucketName: abc, credentials: ''", "credentials must be the name of a Secret")]
    [InlineData("url: 'https://a', bucketName: abc, credentials: My_Keys", "credentials must be the name of a Secret")]
    [InlineData("url: 'file:///a', encryption: none", "Unsupported value: \"none\": supported values: \"None\"")]
    [InlineData("url: 'file:///a', encryption: true", "Unsupported value: true: supported values: \"None\"")]
    [InlineData("url: 'file:///a', encryption: [age1]", "supported values: \"None\"")]
    [InlineData("url: 'file:///a', encryption: {}", "spec.encryption.recipients: Required value")]
    [InlineData("url: 'file:///a', encryption: {recipient: [age1]}", "spec.encryption.recipients: Required value")]
    [InlineData("url: 'file:///a', encryption: {recipients: []}", "should have at least 1 items")]
    [InlineData("url: 'file:///a', encryption: {recipients: [age1]}", "should match '^age1")]
    [InlineData("url: 'file:///a', encryption: {recipients: [age1pq1qqqq]}", "should match '^age1")]
    [InlineData($"{Directory}, prefix: a", "prefix does not apply to a directory; write it at the end of url")]
    [InlineData($"{Bucket}, prefix: /a", "prefix must be segments of letters, digits")]
    [InlineData($"{Bucket}, prefix: a/../b", "prefix must be segments of letters, digits")]
    [InlineData($"{Bucket}, region: 'eu central'", "region must be letters, digits, '-' and '_'")]
    [InlineData($"{Bucket}, serverSideEncryption: aes256", "supported values: \"AES256\", \"aws:kms\"")]
    [InlineData($"{Bucket}, serverSideEncryption: AES256, kmsKeyId: a", "kmsKeyId needs serverSideEncryption: aws:kms")]
    [InlineData($"{Bucket}, serverSideEncryption: 'aws:kms', kmsKeyId: 'a b'", "kmsKeyId must be the id, the ARN")]
    [InlineData($"{Bucket}, storageClass: 'A B'", "storageClass must be letters, digits, '-' and '_'")]
    [InlineData($"{Bucket}, storageClass: DEEP_ARCHIVE", "storageClass must be one that can be read at once")]
    [InlineData($"{Bucket}, tags: {{'aws:a': b}}", "tags must have letters, digits, blanks")]
    [InlineData($"{Bucket}, tags: {{a: 5}}", "must be of type string")]
    [InlineData($"{Bucket}, signers: []", "should have at least 1 items")]
    [InlineData($"{Bucket}, signers: ['ssh-rsa AAAA']", "should match")]
    [InlineData($"{Bucket}, objectLock: {{mode: Legal, days: 1}}", "supported values: \"Governance\", \"Compliance\"")]
    [InlineData($"{Bucket}, objectLock: {{mode: Compliance}}", "spec.objectLock.days: Required value")]
    [InlineData($"{Bucket}, objectLock: {{days: 1}}", "spec.objectLock.mode: Required value")]
    [InlineData($"{Bucket}, objectLock: {{mode: Compliance, days: 0}}", "should be greater than or equal to 1")]
    [InlineData($"{Bucket}, objectLock: {{mode: Compliance, days: 36501}}", "should be less than or equal to 36500")]
    [InlineData($"{Directory}, objectLock: {{mode: Compliance, days: 1}}", "objectLock does not apply to a directory")]
    [InlineData($"{Bucket}, caCertificate: /etc/ca.crt", "caCertificate must be the text of a PEM file")]
    [InlineData(
        $"{Bucket}, caCertificate: '-----BEGIN CERTIFICATE----- -----BEGIN PRIVATE KEY-----'",
        "caCertificate contains a private key, which does not belong here")]
    public async Task A_location_is_rejected_by_its_definition_and_by_the_agent(string spec, string message) =>
        await AssertRefusedByBothAsync(Documents.Location(spec), message);

    [Theory]
    [InlineData("url: 'https://a', bucketName: abc")]
    [InlineData("url: 'https://a', bucketName: Abc, credentials: ''")]
    [InlineData("url: 'file:///a', encryption: None, prefix: '', credentials: 'a b'")]
    public async Task No_error_about_a_location_mentions_schemas_or_patterns(string spec)
    {
        ToolResult applied = await fixture.ApplyAsync(Documents.Location(spec), "--dry-run=server");

        Assert.NotEqual(0, applied.ExitCode);
        foreach (string words in (string[])["anyOf", "at least one schema", "should match", "should be at least"])
        {
            Assert.DoesNotContain(words, applied.StandardError, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_directory_without_encryption_is_rejected_by_the_agent_with_a_hint()
    {
        string document = Documents.Location("url: 'file:///a'");

        ToolResult applied = await fixture.ApplyAsync(document, "--dry-run=server");

        Assert.Equal(0, applied.ExitCode);
        Assert.Contains(
            "write a passphrase as repo_password into a Secret",
            Assert.Single(await AgentReader.ErrorsAsync(document)).ToString(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("schedule: ''", "schedule must be five fields")]
    [InlineData("schedule: '* * * *'", "schedule must be five fields")]
    [InlineData("schedule: '0 */6 * * * *'", "such as '0 */6 * * *'")]
    [InlineData("schedule: '@hourlly'", "or one of @yearly")]
    [InlineData("schedule: '@every'", "or @every with a duration, such as '@every 1h30m'")]
    [InlineData("schedule: '@every 5'", "or @every with a duration, such as '@every 1h30m'")]
    [InlineData("schedule: '@every -5m'", "leave it out for one backup")]
    [InlineData("schedule: 'TZ=UTC 0 0 * * *'", "the schedule must not contain a time zone; write it into timeZone")]
    [InlineData("schedule: 'CRON_TZ=UTC 0 0 * * *'", "the schedule must not contain a time zone")]
    [InlineData("schedule: '@daily', timeZone: Local", "timeZone must be UTC or a name of the IANA time zone database")]
    [InlineData("source: objects", "supported values: \"Etcd\", \"Objects\"")]
    [InlineData("objects: {}", "objects needs source: Objects")]
    [InlineData(
        "source: Objects, beforeUpgrade: {watch: {apiVersion: v1, kind: ConfigMap, name: a, field: .data.b}}",
        "beforeUpgrade needs source: Etcd")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: v1, kind: ConfigMap, name: a, field: data.b}}", "field must be a path")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: v1, kind: ConfigMap, name: a, field: .data.b, inner: c}}",
        "inner must be a path")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: a/b/v1, kind: ConfigMap, name: a, field: .data.b}}",
        "apiVersion must be a group and a version")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: v1, kind: configmaps, name: a, field: .data.b}}",
        "kind must be the kind of an object")]
    [InlineData("source: Objects, increments: {}", "increments and changeLog need source: Etcd")]
    [InlineData("retainNumBackups: 0", "retainNumBackups must be at least 1")]
    [InlineData("retainNumBackups: -3", "retainNumBackups must be at least 1")]
    [InlineData("retainNumBackups: '3'", "must be of type integer")]
    [InlineData("retainNumBackups: 3000000000", "spec.retainNumBackups")]
    [InlineData("verify: Always", "supported values: \"Never\", \"AfterBackup\"")]
    [InlineData("hashKV: daily", "supported values: \"Daily\", \"AfterBackup\", \"Never\"")]
    [InlineData(
        "etcdServerName: 'https://etcd'",
        "etcdServerName must be a host name or an address, without a scheme and a port")]
    [InlineData("etcdServerName: 'etcd:2379'", "etcdServerName must be a host name or an address")]
    [InlineData("certsDir: pki", "certsDir must be an absolute path, such as /etc/kubernetes/pki")]
    [InlineData("etcdEndpoint: 127.0.0.1:2379", "etcdEndpoint must be a URL, http:// or https://")]
    [InlineData("etcdEndpoint: 'https://a:2379,b:2379'", "or several separated by commas")]
    [InlineData("etcdEndpoint: 'https://a:2379/v3'", "etcdEndpoint must be a URL")]
    [InlineData("suspend: 'yes'", "must be of type boolean")]
    [InlineData("increments: {fullEvery: 30s}", "fullEvery must be a duration of at least 1m")]
    [InlineData("increments: {sizeMaxPercent: 101}", "sizeMaxPercent must be from 1 to 100")]
    [InlineData("changeLog: {closeEvery: 500ms}", "closeEvery must be a duration from 1s to 1h, such as 30s")]
    [InlineData("changeLog: {closeEvery: 61m}", "closeEvery must be a duration from 1s to 1h")]
    [InlineData("changeLog: {closeEvery: 1d}", "closeEvery must be a duration from 1s to 1h")]
    [InlineData("changeLog: {closeBytes: 1000}", "closeBytes must be a whole number of bytes, or one with a unit")]
    [InlineData("changeLog: {closeBytes: 268435457}", "from 64Ki to 256Mi, such as 8Mi")]
    [InlineData("changeLog: {closeBytes: 63Ki}", "from 64Ki to 256Mi")]
    [InlineData("changeLog: {closeBytes: 1Gi}", "from 64Ki to 256Mi")]
    [InlineData("changeLog: {closeBytes: 0.5Mi}", "closeBytes must be a whole number of bytes")]
    [InlineData("changeLog: {closeBytes: 8 Mi}", "closeBytes must be a whole number of bytes")]
    [InlineData("changeLog: {keep: 59s}", "keep must be whole days or a duration of at least 1m, such as 7d or 36h")]
    [InlineData("changeLog: {keep: 0d}", "keep must be whole days or a duration of at least 1m")]
    [InlineData("retention: {}", "retention removes nothing: give at least one of last, hourly, daily")]
    [InlineData("retention: {minimum: 3}", "retention removes nothing")]
    [InlineData("retention: {daily: 0}", "daily must be at least 1: leave it out to keep no backup for it")]
    [InlineData("retention: {last: 3, minimum: 0}", "minimum must be at least 1")]
    [InlineData("retention: {within: 59s}", "within must be whole days or a duration of at least 1m")]
    [InlineData("retention: {ttl: 1y}", "ttl must be whole days or a duration of at least 1m, such as 30d or 36h")]
    [InlineData("retention: {maxBytes: 1Ti}", "maxBytes must be a whole number of bytes, or one with a unit")]
    [InlineData("retention: {maxBytes: 1023Ki}", "from 1Mi, such as 50Gi")]
    [InlineData("changeLog: {keep: 1d12h}", "keep must be whole days or a duration of at least 1m")]
    [InlineData("etcdCreds: 'a b'", "etcdCreds must be the name of a Secret in this namespace")]
    public async Task A_policy_is_rejected_by_its_definition_and_by_the_agent(string spec, string message) =>
        await AssertRefusedByBothAsync(Documents.Policy(spec), message);

    [Theory]
    [InlineData("execution: Pod", "options.execution must be CronJob, a pod for each backup, or InProcess")]
    [InlineData("master-node-label-name: 'a b'", "options.master-node-label-name must be the name of a node label")]
    [InlineData("master-node-label-name: true", "must be of type string")]
    public async Task An_invalid_option_is_rejected(string option, string message) =>
        await AssertRefusedAsync(Documents.Policy($"options: {{ {option} }}"), message);

    [Fact]
    public async Task The_name_of_a_policy_is_short_enough_for_its_CronJob()
    {
        ToolResult longest = await fixture.ApplyAsync(Documents.Policy("", new string('a', 37)), "--dry-run=server");

        Assert.Equal(0, longest.ExitCode);
        await AssertRefusedAsync(Documents.Policy("", new string('a', 38)), "the name of a policy has at most 37");
    }

    [Theory]
    [InlineData("policy: a, backuploc: b", "spec.snapshotId: Required value")]
    [InlineData("snapshotId: latest, policy: a, backuploc: b", "snapshotId must be the id of a snapshot")]
    [InlineData("snapshotId: 00F2BB92, policy: a, backuploc: b", "snapshotId must be the id of a snapshot")]
    [InlineData("snapshotId: 00f2bb92, backuploc: b", "spec.policy: Required value")]
    [InlineData("snapshotId: 00f2bb92, policy: '', backuploc: b", "policy must not be empty")]
    [InlineData("snapshotId: 00f2bb92, policy: a, backuploc: ''", "backuploc must be the name of a BackupLocation")]
    public async Task An_invalid_record_is_rejected(string spec, string message) =>
        await AssertRefusedAsync(Documents.Record(spec), message);

    [Theory]
    [InlineData("pvcName: a", "give either mbrName")]
    [InlineData("mbrName: a, policy: b, revision: 1, pvcName: a", "give either mbrName")]
    [InlineData("policy: a, pvcName: a", "with policy, give either at or revision")]
    [InlineData("policy: a, at: '2026-11-29T10:15:00Z', revision: 1, pvcName: a", "with policy, give either at or")]
    [InlineData("mbrName: a, at: '2026-11-29T10:15:00Z', pvcName: a", "at cannot be used with mbrName")]
    [InlineData("policy: a, at: '2026-11-29T10:15:00', pvcName: a", "at must be a time with a date and an offset")]
    [InlineData("policy: a, at: '10:15Z', pvcName: a", "at must be a time with a date and an offset")]
    [InlineData("policy: a, at: '2026-02-30T10:15:00Z', pvcName: a", "spec.at")]
    [InlineData("policy: a, revision: 0, pvcName: a", "spec.revision")]
    [InlineData("policy: 'a b', revision: 1, pvcName: a", "policy must be the name of a MetadataBackupPolicy")]
    [InlineData("mbrName: a", "give either pvcName, to restore files into a volume, or objects")]
    [InlineData("mbrName: a, pvcName: b, objects: {serviceAccountName: c}", "give either pvcName")]
    [InlineData("objects: {serviceAccountName: c}", "give either mbrName")]
    [InlineData("policy: a, objects: {serviceAccountName: c}", "with policy, give either at or revision")]
    [InlineData("mbrName: a, objects: {}", "spec.objects.serviceAccountName: Required value")]
    [InlineData("mbrName: a, objects: {serviceAccountName: 'a b'}", "serviceAccountName must be the name")]
    [InlineData("mbrName: a, objects: {serviceAccountName: etcd-backup-agent-controller}", "not be an account of")]
    [InlineData("mbrName: a, objects: {serviceAccountName: etcd-backup-agent-backup}", "not be an account of")]
    [InlineData("mbrName: a, objects: {serviceAccountName: etcd-backup-agent-restore}", "not be an account of")]
    [InlineData("mbrName: a, objects: {serviceAccountName: c, existing: Delete}", "spec.objects.existing")]
    [InlineData("mbrName: a, objects: {serviceAccountName: c, resources: [-x]}", "resources must be kinds such as")]
    [InlineData("mbrName: a, objects: {serviceAccountName: c, resources: [a/b/c]}", "resources must be kinds such as")]
    [InlineData("mbrName: a, objects: {serviceAccountName: c, resources: ['cm,pods']}", "resources must be kinds such")]
    [InlineData("mbrName: a, objects: {serviceAccountName: c, excludeResources: [a/b]}", "excludeResources must be")]
    [InlineData("mbrName: a, objects: {serviceAccountName: c, patches: {name: d}}", "patches.key: Required value")]
    [InlineData("mbrName: a, objects: {serviceAccountName: c, patches: {name: d, key: ../e}}", "patches.key")]
    [InlineData("mbrName: a, objects: {serviceAccountName: c, mapNamespaces: [a]}", "must be of type object")]
    [InlineData("mbrName: '', pvcName: a", "mbrName must be the name of a MetadataBackupRecord")]
    [InlineData("mbrName: a, pvcName: 'a b'", "pvcName must be the name of a PersistentVolumeClaim")]
    [InlineData("mbrName: a, pvcName: b, securityContext: {runAsUser: -1}", "spec.securityContext.runAsUser")]
    [InlineData("mbrName: a, pvcName: b, securityContext: {fsGroup: '1000'}", "must be of type integer")]
    [InlineData("mbrName: a, pvcName: b, securityContext: {privileged: true}", "field \"spec.securityContext.p")]
    [InlineData("mbrName: a, pvcName: b, nodeSelector: control-2", "must be of type object")]
    public async Task An_invalid_restore_is_rejected(string spec, string message) =>
        await AssertRefusedAsync(Documents.Restore(spec), message);

    private async Task AssertRefusedByBothAsync(string document, string message)
    {
        await AssertRefusedAsync(document, message);
        Assert.NotEmpty(await AgentReader.ErrorsAsync(document));
    }

    private async Task AssertRefusedAsync(string document, string message)
    {
        ToolResult applied = await fixture.ApplyAsync(document, "--dry-run=server");

        Assert.Contains(message, applied.StandardError, StringComparison.Ordinal);
        Assert.NotEqual(0, applied.ExitCode);
    }
}
