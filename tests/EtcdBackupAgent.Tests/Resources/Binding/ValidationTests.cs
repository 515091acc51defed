using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using Xunit;

namespace EtcdBackupAgent.Tests.Resources.Binding;

public sealed class ValidationTests
{
    [Theory]
    [InlineData("retainNumBackups: \"3\"", "is the text '3', but must be a number; leave out the quotes")]
    [InlineData("retainNumBackups: 0", "0 is out of range; allowed is a whole number from 1")]
    [InlineData("retainNumBackups: -4", "-4 is out of range")]
    [InlineData("retainNumBackups: 1.5", "1.5 is out of range")]
    [InlineData("retainNumBackups: many", "'many' is not a number")]
    [InlineData("retainNumBackups: [1]", "is a list, but must be a number")]
    [InlineData("suspend: yes", "is a text, 'yes'; allowed is true or false, without quotes")]
    [InlineData("suspend:", "is empty; allowed is true or false")]
    [InlineData(
        "verify: AfterBackups",
        "'AfterBackups' is not a valid value; allowed are Never, AfterBackup; did you mean 'AfterBackup'?")]
    [InlineData("verify: never", "'never' is not a valid value; allowed are Never, AfterBackup; did you mean 'Never'?")]
    [InlineData(
        "hashKV: daily", "'daily' is not a valid value; allowed are Daily, AfterBackup, Never; did you mean 'Daily'?")]
    [InlineData("etcdServerName: https://etcd", "'https://etcd' is neither a host name nor an address; write a name")]
    [InlineData("etcdServerName: etcd:2379", "'etcd:2379' is neither a host name nor an address")]
    [InlineData("verify: 1", "is a number, 1, but must be a text")]
    [InlineData("certsDir: pki", "'pki' is a relative path; write an absolute one")]
    [InlineData("certsDir: 7", "is a number, 7, but must be a text; put it in quotes")]
    [InlineData("certsDir: ''", "is empty; write a value or leave the field out")]
    [InlineData("schedule: 61 * * * *", "'61 * * * *': minute: 61 is out of range; allowed is 0 to 59")]
    [InlineData("schedule: '@dayly'", "'@dayly': '@dayly' is not a schedule; allowed are @yearly")]
    [InlineData(
        "schedule: TZ=Europe/Berlin 0 4 * * *",
        "'TZ=Europe/Berlin 0 4 * * *': the schedule must not contain a time zone. Write the zone into spec.timeZone")]
    [InlineData("schedule: 0 0 31 2 *", "'0 0 31 2 *': it never fires")]
    [InlineData(
        "timeZone: Europe/Berln",
        "'Europe/Berln' is not in this machine's time zone database; allowed are IANA names such as Europe/Berlin; did "
        + "you mean 'Europe/Berlin'?",
        "schedule: '@daily'")]
    [InlineData("timeZone: Local", "'Local' is not in", "schedule: '@daily'")]
    [InlineData("timeZone: ../../etc/passwd", "'../../etc/passwd' is not in", "schedule: '@daily'")]
    [InlineData("etcdEndpoint: 127.0.0.1:2379", "'127.0.0.1:2379' is not a URL; write http:// or https://")]
    [InlineData("etcdEndpoint: etcd:2379", "'etcd:2379' is not a URL")]
    [InlineData("etcdEndpoint: 'http://a:2379,'", "'' is not a URL")]
    [InlineData(
        "etcdEndpoint: htps://a:2379",
        "'htps://a:2379' has the scheme 'htps'; allowed are http and https; did you mean 'https'?")]
    [InlineData("etcdEndpoint: http://a:2379/v3", "'http://a:2379/v3' continues after the host and port")]
    [InlineData(
        "etcdEndpoint: http://root:s3cret@a:2379",
        "the URL contains a user or password; those belong in a Secret")]
    [InlineData(
        "options: {master-node-label-name: 5}",
        "is a number, 5, but must be a text",
        "",
        "spec.options.master-node-label-name")]
    [InlineData(
        "options: {execution: inprocess}",
        "'inprocess' is not a valid value; allowed are CronJob, InProcess; did you mean 'InProcess'?",
        "",
        "spec.options.execution")]
    [InlineData("options: text", "is a text, but must be a mapping")]
    [InlineData(
        "increments: {fullEvery: 30s}", "'30s' is too short; the minimum is 60s", "", "spec.increments.fullEvery")]
    [InlineData(
        "changeLog: {closeEvery: 500ms}",
        "'500ms' is too short; the minimum is 1s",
        "",
        "spec.changeLog.closeEvery")]
    [InlineData(
        "changeLog: {closeEvery: 61m}", "'61m' is too long; the maximum is 3600s", "", "spec.changeLog.closeEvery")]
    [InlineData(
        "changeLog: {closeEvery: 1d}",
        "'1d' is not a duration; write numbers with units, such as 24h",
        "",
        "spec.changeLog.closeEvery")]
    [InlineData(
        "changeLog: {closeBytes: 1000}",
        "'1000' is out of range; allowed are 64Ki to 256Mi",
        "",
        "spec.changeLog.closeBytes")]
    [InlineData(
        "changeLog: {closeBytes: 1Gi}",
        "'1Gi' is out of range; allowed are 64Ki to 256Mi",
        "",
        "spec.changeLog.closeBytes")]
    [InlineData(
        "changeLog: {closeBytes: 0.5Mi}",
        "'0.5Mi' is not a number of bytes; write a whole number, or one with a unit, such as 8Mi",
        "",
        "spec.changeLog.closeBytes")]
    [InlineData(
        "changeLog: {closeBytes: [1]}", "a list is not a number of bytes", "", "spec.changeLog.closeBytes")]
    [InlineData(
        "changeLog: {keep: 0d}", "'0d' is too short; the minimum is 60s", "", "spec.changeLog.keep")]
    [InlineData(
        "changeLog: {keep: 1d12h}",
        "'1d12h' is not a duration; write numbers with units, such as 7d or 36h",
        "",
        "spec.changeLog.keep")]
    [InlineData(
        "retention: {minimum: 2}",
        "removes nothing; give at least one of last, hourly, daily, weekly, monthly, yearly, within, maxBytes and ttl",
        "",
        "spec.retention")]
    [InlineData("changeLog: true", "is true or false, but must be a mapping")]
    [InlineData("beforeUpgrade: {}", "is missing; it names the object and the field", "", "spec.beforeUpgrade.watch")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: v1, kind: ConfigMap, name: a}}",
        "is missing; it is required",
        "",
        "spec.beforeUpgrade.watch.field")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: a/b/v1, kind: ConfigMap, name: a, field: .data.b}}",
        "'a/b/v1' is not a group and a version; write one such as k0rdent.mirantis.com/v1beta1, or v1",
        "",
        "spec.beforeUpgrade.watch.apiVersion")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: v1, kind: configmaps, name: a, field: .data.b}}",
        "'configmaps' is not the kind of an object as manifests have it; write one such as Management",
        "",
        "spec.beforeUpgrade.watch.kind")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: v1, kind: ConfigMap, name: a, field: data.b}}",
        "'data.b' is not a path to a field; write one such as .spec.release",
        "",
        "spec.beforeUpgrade.watch.field")]
    [InlineData(
        "beforeUpgrade: {watch: {apiVersion: v1, kind: ConfigMap, name: a, field: .data.b, inner: c}}",
        "'c' is not a path to a field",
        "",
        "spec.beforeUpgrade.watch.inner")]
    public async Task A_policy_with_an_invalid_value_is_refused(
        string line,
        string problem,
        string more = "",
        string? field = null)
    {
        using DirectoryFixture directory = new();
        directory.With("a.yaml", DirectoryFixture.Disk).With("p.yaml", DirectoryFixture.Policy(line, more));

        string place = $"p.yaml:{(line.StartsWith("etcdEndpoint", StringComparison.Ordinal) ? 7 : 8)}";
        ResourceSet set = await directory.ExpectAsync(
            $"Error: {place}: MetadataBackupPolicy kubedr-system/p: "
                + $"{field ?? "spec." + line[..line.IndexOf(':')]}: {problem}");

        Assert.Empty(set.Policies);
        Assert.Equal(new ResourceName("kubedr-system", "p"), set.Problems[0].Name);
        Assert.Equal("MetadataBackupPolicy", set.Problems[0].Kind);
        Assert.DoesNotContain("s3cret", set.Problems[0].ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("minio:9000", "url: 'minio:9000' is not a URL")]
    [InlineData("s3.example.com", "url: 's3.example.com' is not a URL")]
    [InlineData("ftp://a", "url: 'ftp://a' has the scheme 'ftp'")]
    [InlineData("https://a/bucket", "url: 'https://a/bucket' continues after the host and port")]
    [InlineData("https://a#x", "url: 'https://a#x' continues after the host and port")]
    [InlineData("https://0x7f.1", "url: 'https://0x7f.1' has a host that is neither a DNS name")]
    [InlineData("https://a:99999", "url: 'https://a:99999' has a port that is not a number from 1 to 65535")]
    [InlineData("https://key:s3cret@a", "url: the URL contains a user or password")]
    [InlineData("https://key:s3cret@", "url: the URL is not a URL")]
    [InlineData(
        "https://a\n  bucketName: No",
        "bucketName: 'No' is not a bucket name; allowed are 3 to 63 lower-case letters")]
    [InlineData("https://a\n  bucketName: 10.0.0.1", "bucketName: '10.0.0.1' is not a bucket name")]
    [InlineData("https://a\n  bucketName: a..b", "bucketName: 'a..b' is not a bucket name")]
    [InlineData("https://a\n  prefix: /x", "prefix: '/x' is not a prefix; allowed are segments")]
    [InlineData("https://a\n  prefix: x/../y", "prefix: 'x/../y' is not a prefix")]
    [InlineData("https://a\n  region: eu central", "region: 'eu central' is not a region")]
    [InlineData("https://a\n  pathStyle: 1", "pathStyle: is a number, '1'; allowed is true or false")]
    [InlineData("https://a\n  serverSideEncryption: SSE", "serverSideEncryption: 'SSE' is not a valid value; allowed")]
    [InlineData("https://a\n  kmsKeyId: key", "kmsKeyId: needs serverSideEncryption: aws:kms")]
    [InlineData("https://a\n  storageClass: GLACIER", "storageClass: 'GLACIER' cannot be read immediately")]
    [InlineData("https://a\n  tags: {aws:a: b}", "tags: 'aws:a=b' is not a tag")]
    [InlineData("https://a\n  tags: {a: 5}", "tags.a: is a number, 5, but must be a text")]
    [InlineData("https://a\n  objectLock: {mode: Legal, days: 1}", "objectLock.mode: 'Legal' is not a valid value")]
    [InlineData("https://a\n  objectLock: {days: 1}", "objectLock.mode: is missing; it is required")]
    [InlineData("https://a\n  objectLock: {mode: Compliance}", "objectLock.days: is missing; it is required")]
    [InlineData("https://a\n  objectLock: {mode: Compliance, days: 36501}", "objectLock.days: 36501 is out of range")]
    [InlineData("https://a\n  caCertificate: hello", "caCertificate: contains no certificate; write the text from")]
    [InlineData("https://a\n  caCertificate: '-----BEGIN PRIVATE KEY-----'", "caCertificate: contains a private key")]
    public async Task A_location_with_an_invalid_value_is_refused(string url, string problem)
    {
        using DirectoryFixture directory = new();
        List<string> lines = [$"url: {url}", "credentials: c"];
        if (!url.Contains("bucketName", StringComparison.Ordinal))
        {
            lines.Add("bucketName: bucket");
        }

        directory.With(
            "l.yaml",
            DirectoryFixture.Location([.. lines]),
            DirectoryFixture.Secret("c", "access_key", "secret_key"));

        ResourceSet set = await directory.LoadAsync();

        ResourceProblem only = Assert.Single(set.Problems);
        Assert.StartsWith(
            "BackupLocation kubedr-system/l: spec." + problem,
            only.ToString()[(only.Where.Length + 2)..],
            StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", only.ToString(), StringComparison.Ordinal);
        Assert.Empty(set.Locations);
    }

    [Fact]
    public async Task A_lock_of_a_directory_is_refused()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.Location("url: file:///backups", "objectLock: {mode: Compliance, days: 1}"));

        ResourceProblem only = Assert.Single((await directory.LoadAsync()).Problems);

        Assert.Contains(
            "spec.objectLock: does not apply to a directory", only.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_location_with_every_field_is_read()
    {
        string pem = CertificatePem().Replace("\n", "\n    ", StringComparison.Ordinal);
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.Location(
                "url: https://s3.example.com:8443",
                "bucketName: etcd.backups",
                "credentials: c",
                "prefix: clusters/one",
                "region: eu-central-1",
                "pathStyle: false",
                $"caCertificate: |\n    {pem}",
                "serverSideEncryption: aws:kms",
                "kmsKeyId: alias/backups",
                "storageClass: STANDARD_IA",
                "tags: {team: infra, empty: ''}",
                "objectLock: {mode: Compliance, days: 30}"),
            DirectoryFixture.Secret("c", "access_key", "secret_key"));

        BackupLocation location = Assert.Single((await directory.ExpectAsync()).Locations).Value;

        Assert.Equal(new Uri("https://s3.example.com:8443"), location.Url);
        Assert.Equal(
            ("etcd.backups", "clusters/one", "eu-central-1", false),
            (location.BucketName, location.Prefix, location.Region, location.PathStyle));
        Assert.StartsWith("-----BEGIN CERTIFICATE-----\nM", location.CaCertificate, StringComparison.Ordinal);
        Assert.Equal(new ResourceName("kubedr-system", "c"), location.Credentials);
        ObjectSettings objects = location.Objects;
        Assert.Equal(
            ("aws:kms", "alias/backups", "STANDARD_IA"),
            (objects.ServerSideEncryption, objects.KmsKeyId, objects.StorageClass));
        Assert.Equal(LockRule.OfDays(ObjectLockMode.Compliance, 30), location.ObjectLock);
        Assert.Equal(["empty=", "team=infra"], objects.Tags.Select(tag => $"{tag.Key}={tag.Value}").Order());
    }

    [Fact]
    public async Task A_directory_needs_no_bucket_and_warns_about_fields_without_effect()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.Location("url: file:///var/my%20backups", "bucketName: x", "region: eu"));

        BackupLocation location = Assert
            .Single(
                (
                    await directory.ExpectAsync(
                        "Warning: l.yaml:7: BackupLocation kubedr-system/l: spec.bucketName: has no effect for a "
                        + "directory",
                        "Warning: l.yaml:8: BackupLocation kubedr-system/l: spec.region: has no effect for a directory")
                ).Locations)
            .Value;

        Assert.Equal("/var/my backups", location.Url.LocalPath);
        Assert.Null(location.BucketName);
        Assert.Null(location.Region);
        Assert.Null(location.Credentials);
    }

    [Theory]
    [InlineData("url: file://host/dir")]
    [InlineData("url: file:dir")]
    [InlineData("url: file:///")]
    [InlineData("url: FILE:///dir")]
    public async Task A_directory_must_be_absolute(string url)
    {
        using DirectoryFixture directory = new();
        directory.With("l.yaml", DirectoryFixture.Location(url));
        await directory.ExpectAsync(
            $"Error: l.yaml:6: BackupLocation kubedr-system/l: spec.url: '{url[5..]}' is not a directory; write "
            + "file:///absolute/path"
        );
    }

    [Fact]
    public async Task Unknown_fields_give_a_warning_with_the_nearest_known_name_and_the_document_is_accepted()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "a.yaml",
            DirectoryFixture.Disk + "extra: 1\n",
            DirectoryFixture.Policy("retainNumBackup: 3", "colour: blue", "options: {master-node-label: x}"));

        ResourceSet set = await directory.ExpectAsync(
            "Warning: a.yaml:7: BackupLocation kubedr-system/disk: extra: is not a known field and is ignored",
            "Warning: a.yaml:19: MetadataBackupPolicy kubedr-system/p: spec.options.master-node-label: is not a known "
            + "option",
            "Warning: a.yaml:17: MetadataBackupPolicy kubedr-system/p: spec.retainNumBackup: is not a known field and "
            + "is ignored; did you mean 'retainNumBackups'?",
            "Warning: a.yaml:18: MetadataBackupPolicy kubedr-system/p: spec.colour: is not a known field and is ignored"
        );

        Assert.Single(set.Policies);
    }

    [Theory]
    [InlineData(
        "kind: MetadataBackupPolicy",
        "kind: MetadataBackupPolcy",
        "kind: 'MetadataBackupPolcy' is not a known kind; did you mean 'MetadataBackupPolicy'?")]
    [InlineData(
        "v1alpha1",
        "v1alpha2",
        "apiVersion: 'kubedr.catalogicsoftware.com/v1alpha2' has no kind MetadataBackupPolicy; did you mean "
        + "'kubedr.catalogicsoftware.com/v1alpha1'?"
    )]
    [InlineData(
        "catalogicsoftware",
        "catalogicsofware",
        "apiVersion: 'kubedr.catalogicsofware.com/v1alpha1' has no kind MetadataBackupPolicy; did you mean")]
    [InlineData("apiVersion", "apiversion", "apiVersion: is missing; it is required; found 'apiversion'")]
    public async Task A_spelling_mistake_in_kind_or_version_is_an_error_with_a_suggestion(
        string right, string wrong, string problem)
    {
        using DirectoryFixture directory = new();
        directory.With("p.yaml", DirectoryFixture.Policy().Replace(right, wrong, StringComparison.Ordinal));
        ResourceSet set = await directory.LoadAsync();
        ResourceProblem only = Assert.Single(set.Problems);
        Assert.Equal(ProblemSeverity.Error, only.Severity);
        Assert.Contains(problem, only.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: Upper", "metadata.name: 'Upper' is not a name; allowed are lower-case letters")]
    [InlineData("name: p\n  namespace: a.b", "metadata.namespace: 'a.b' is not a namespace")]
    [InlineData("nmae: p", "metadata.name: is missing; it is required; found 'nmae'")]
    public async Task An_invalid_name_is_refused(string metadata, string problem)
    {
        using DirectoryFixture directory = new();
        directory.With("p.yaml", DirectoryFixture.Policy().Replace("name: p", metadata, StringComparison.Ordinal));
        Assert.Contains((await directory.LoadAsync()).Problems, p =>
            p.Severity == ProblemSeverity.Error && p.ToString().Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_line_end_of_a_block_scalar_is_not_part_of_a_field()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.BareLocation(
                "url: |", "  https://a", "bucketName: |", "  bucket", "region: |", "  eu-1", "credentials: |", "  c",
                "encryption:", "  recipients:", "  - |", $"    {DirectoryFixture.Recipient}"),
            DirectoryFixture.Secret("c", "access_key", "secret_key"));

        ResourceSet set = await directory.ExpectAsync();

        BackupLocation location = Assert.Single(set.Locations.Values);
        Assert.Equal(
            ("https://a/", "bucket", "eu-1"),
            (location.Url.AbsoluteUri, location.BucketName, location.Region));
        Assert.Equal([DirectoryFixture.Recipient], Assert.IsType<RecipientLocation>(location.Encryption).Recipients);
    }

    [Fact]
    public async Task A_field_with_a_second_line_end_is_refused_and_shown_escaped()
    {
        using DirectoryFixture directory = new();
        directory.With(
            "l.yaml",
            DirectoryFixture.Location("url: https://a", "bucketName: \"bucket\\n\\n\"", "credentials: c"));

        Assert.Contains(
            (await directory.LoadAsync()).Problems,
            p => p.Message.StartsWith("'bucket\\n' is not a bucket name", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_duplicate_name_is_an_error_that_names_both_positions()
    {
        using DirectoryFixture directory = new();
        directory.With("a.yaml", DirectoryFixture.Disk).With("b.yaml", DirectoryFixture.Disk);
        ResourceSet set = await directory.ExpectAsync(
            "Error: b.yaml:1: BackupLocation kubedr-system/disk: is a duplicate; first: a.yaml:1");
        Assert.Empty(set.Locations);
    }

    [Fact]
    public async Task A_referenced_resource_must_exist_with_the_required_keys()
    {
        using DirectoryFixture directory = new();
        directory
            .With(
                "l.yaml",
                DirectoryFixture.Location("url: https://a", "bucketName: bucket", "credentials: c"),
                DirectoryFixture.Secret("c", "acces_key", "secret_key"))
            .With(
                "p.yaml",
                DirectoryFixture.Policy("destination: l"),
                DirectoryFixture
                    .Policy("destination: dusk", "etcdEndpoint: https://a:1")
                    .Replace("name: p", "name: q", StringComparison.Ordinal))
            .With("z.yaml", DirectoryFixture.Disk);

        ResourceSet set = await directory.ExpectAsync(
            "Error: l.yaml:8: BackupLocation kubedr-system/l: spec.credentials: Secret kubedr-system/c has no "
            + "access_key; did you mean 'acces_key'?",
            "Error: p.yaml:7: MetadataBackupPolicy kubedr-system/p: spec.destination: BackupLocation kubedr-system/l "
            + "is itself invalid",
            "Error: p.yaml:15: MetadataBackupPolicy kubedr-system/q: spec.destination: there is no BackupLocation "
            + "kubedr-system/dusk; did you mean 'disk'?",
            "Error: p.yaml:15: MetadataBackupPolicy kubedr-system/q: spec.etcdCreds: there is no Secret "
            + "kubedr-system/etcd-creds; it needs the keys ca.crt, client.crt, client.key"
        );

        Assert.Empty(set.Policies);
        Assert.Equal("disk", Assert.Single(set.Locations).Key.Name);
    }

    [Fact]
    public async Task An_invalid_reference_is_reported_with_the_other_errors_of_the_document()
    {
        using DirectoryFixture directory = new();
        directory
            .With(
                "p.yaml",
                DirectoryFixture.Policy("destination: dusk", "retainNumBackups: 0", "etcdEndpoint: http://a:1"))
            .With("z.yaml", DirectoryFixture.Disk);

        ResourceSet set = await directory.LoadAsync();

        Assert.Equal(
            ["spec.retainNumBackups", "spec.destination"],
            set.Problems.Where(p => p.Severity == ProblemSeverity.Error).Select(p => p.Field));
        Assert.Empty(set.Policies);
    }

    [Fact]
    public async Task No_problem_and_no_text_form_of_a_Secret_contains_a_value()
    {
        using DirectoryFixture directory = new();
        directory.With("s.yaml", """
            apiVersion: v1
            kind: Secret
            metadata: {name: s}
            data: {a: "hunter2!", b: aHVudGVyMg==}
            stringData: {c: 1234567, d: [hunter2], e: hunter2}
            """).With("t.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: t}\nstringData:\n  a: *hunter2\n")
            .With("u.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: u}\nstringData: hunter2\n")
            .With("v.yaml", DirectoryFixture.Secret("v", "hidden"));

        ResourceSet set = await directory.ExpectAsync(
            "Error: t.yaml:5: file: is not readable as YAML",
            "Error: s.yaml:4: Secret kubedr-system/s: data.a: is not base64; plain text belongs in stringData",
            "Error: s.yaml:5: Secret kubedr-system/s: stringData.c: must be a text; put it in quotes",
            "Error: s.yaml:5: Secret kubedr-system/s: stringData.d: must be a text",
            "Error: u.yaml:4: Secret kubedr-system/u: stringData: is a text, but must be a mapping");

        string all = string.Join('\n', set.Problems) + string.Join('\n', set.Secrets.Values);
        Assert.DoesNotContain("hunter2", all, StringComparison.Ordinal);
        Assert.DoesNotContain("1234567", all, StringComparison.Ordinal);
        Assert.Equal("Secret kubedr-system/v (hidden)", Assert.Single(set.Secrets).Value.ToString());
        Assert.Equal("value", Encoding.UTF8.GetString(Assert.Single(set.Secrets).Value.Data["hidden"]));
    }

    private static string CertificatePem()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=test", key, HashAlgorithmName.SHA256);
        DateTimeOffset start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        using X509Certificate2 certificate = request.CreateSelfSigned(start, start.AddYears(1));
        return certificate.ExportCertificatePem();
    }
}
