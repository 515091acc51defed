using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;
using EtcdBackupAgent.Kubernetes.Api.Leases;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Testing;
using EtcdBackupAgent.Tests.Core;
using k8s;
using k8s.LeaderElection;
using k8s.LeaderElection.ResourceLock;
using k8s.Models;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>
/// Checks the agent with Kubernetes' official client for .NET. The client reads from a real API server what the agent
/// wrote, field by field, and writes there what the agent reads.
/// </summary>
[Collection(ClusterTests.Name)]
public sealed class OfficialClientTests(ClusterFixture fixture) : IAsyncLifetime, IDisposable
{
    private const string Group = "kubedr.catalogicsoftware.com";
    private const string Version = "v1alpha1";

    private readonly k8s.Kubernetes _client =
        new(KubernetesClientConfiguration.BuildConfigFromConfigFile(fixture.Server.KubeconfigFile));

    private ClusterScene Scene { get; set; } = null!;

    private string Namespace => Scene.Namespace;

    public async Task InitializeAsync() => Scene = await ClusterScene.StartAsync(fixture);

    public Task DisposeAsync()
    {
        Scene.Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_record_and_its_status_are_read_field_by_field()
    {
        SnapshotManifest manifest = Scene.Manifest(0);
        VerificationRecord verification = SampleSnapshots.Verification(manifest, VerificationResult.Sound);

        await new RecordPublisher(Scene.Client).PublishAsync(
            Namespace,
            ClusterScene.Location,
            manifest,
            verification,
            new ObjectLock(ObjectLockMode.Compliance, SampleSnapshots.NewYear.AddDays(30)),
            isForeign: false,
            CancellationToken.None);

        DeclaredObject<DeclaredRecordSpec, DeclaredRecordStatus> record = await Kind("metadatabackuprecords")
            .ReadNamespacedAsync<DeclaredObject<DeclaredRecordSpec, DeclaredRecordStatus>>(
                Namespace, $"mbr-{manifest.Id}");
        Assert.Equal(($"{Group}/{Version}", "MetadataBackupRecord"), (record.ApiVersion, record.Kind));
        Assert.Equal(
            new SortedDictionary<string, string> { ["kubedr.backup-policy"] = "nightly", ["kubedr.type"] = "backup" },
            new SortedDictionary<string, string>(record.Metadata.Labels));
        Assert.Null(record.Metadata.Finalizers);
        Assert.Equal(
            new DeclaredRecordSpec { SnapshotId = manifest.Id.Value, Policy = "nightly", Location = "disk" },
            record.Spec);
        Assert.Equal(
            new DeclaredRecordStatus
            {
                StartedAt = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc),
                CompletedAt = new DateTime(2026, 1, 1, 0, 0, 12, DateTimeKind.Utc),
                SizeBytes = 20512,
                StoredBytes = 4096,
                EtcdRevision = 4711,
                EtcdClusterId = "c1",
                Kind = "Full",
                Verified = "Sound",
                VerifiedAt = new DateTime(2026, 1, 1, 1, 0, 5, DateTimeKind.Utc),
                LockedUntil = new DateTime(2026, 1, 31, 0, 0, 0, DateTimeKind.Utc),
            },
            record.Status);
    }

    [Fact]
    public void An_undeclared_field_is_an_error()
    {
        const string Written = """{"apiVersion":"v1","kind":"K","metadata":{},"status":{"sizeBytes":1,"sizeByte":1}}""";

        JsonException e = Assert.Throws<JsonException>(
            () => KubernetesJson.Deserialize<DeclaredObject<DeclaredRecordSpec, DeclaredRecordStatus>>(Written));

        Assert.Contains("sizeByte", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_of_a_policy_and_the_event_of_a_backup_are_read_field_by_field()
    {
        SnapshotManifest manifest = Scene.Manifest(0);
        Assert.Empty(await Scene.PublishAsync(ClusterScene.Outcome(manifest)));

        DeclaredObject<DeclaredPolicySpec, DeclaredPolicyStatus> policy = await Kind("metadatabackuppolicies")
            .ReadNamespacedAsync<DeclaredObject<DeclaredPolicySpec, DeclaredPolicyStatus>>(Namespace, "nightly");
        Assert.Equal(
            new DeclaredPolicyStatus
            {
                ObservedGeneration = 1,
                BackupTime = new DateTime(2026, 1, 1, 0, 0, 12, DateTimeKind.Utc),
                BackupStatus = "Completed",
                BackupPod = "pod-1",
                RecordName = $"mbr-{manifest.Id}",
                SnapshotId = manifest.Id.Value,
                FilesNew = 1,
                FilesChanged = 0,
                DataAdded = 4096,
                TotalBytesProcessed = 20512,
                TotalDurationSeconds = "12",
                LastSuccessTime = new DateTime(2026, 1, 1, 0, 0, 12, DateTimeKind.Utc),
                EtcdClusterId = "c1",
            },
            policy.Status! with { Conditions = null });
        V1Condition condition = Assert.Single(policy.Status.Conditions!);
        Assert.Equal(
            ("BackupSucceeded", "True", "Completed", 1L),
            (condition.Type, condition.Status, condition.Reason, condition.ObservedGeneration));
        Assert.Equal(manifest.CompletedAt.UtcDateTime, condition.LastTransitionTime);

        Corev1Event recorded = Assert.Single((await _client.CoreV1.ListNamespacedEventAsync(Namespace)).Items);
        Assert.Equal(
            ("Normal", "BackupSucceeded", $"Backup completed, snapshot ID: {manifest.Id}", 1),
            (recorded.Type, recorded.Reason, recorded.Message, recorded.Count));
        Assert.Equal(
            ($"{Group}/{Version}", "MetadataBackupPolicy", "nightly", Namespace, policy.Metadata.Uid),
            (recorded.InvolvedObject.ApiVersion, recorded.InvolvedObject.Kind, recorded.InvolvedObject.Name,
                recorded.InvolvedObject.NamespaceProperty, recorded.InvolvedObject.Uid));
        Assert.Equal(
            ("etcd-backup-agent", "etcd-backup-agent", "pod-1"),
            (recorded.Source.Component, recorded.ReportingComponent, recorded.ReportingInstance));
        Assert.Equal(SampleSnapshots.NewYear.UtcDateTime, recorded.FirstTimestamp);
        Assert.Equal(SampleSnapshots.NewYear.UtcDateTime, recorded.LastTimestamp);
    }

    [Fact]
    public async Task The_CronJob_and_the_Job_of_a_policy_are_read_field_by_field()
    {
        SceneControllers controllers = new(Scene);
        await controllers.ReconcileAsync(controllers.Location, ClusterScene.Location);
        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            "hourly",
            "destination: disk, etcdEndpoint: http://127.0.0.1:2379, certsDir: /etc/kubernetes/pki, "
            + "schedule: '@hourly', timeZone: Europe/Berlin, suspend: true");

        await controllers.ReconcileAsync(controllers.Policy, "hourly");
        await controllers.ReconcileAsync(controllers.Policy, ClusterScene.Policy);

        V1CronJob cronJob = await _client.BatchV1.ReadNamespacedCronJobAsync("hourly-backup-cronjob", Namespace);
        Assert.Equal(
            ("@hourly", "Europe/Berlin", true, "Forbid", 3, 3),
            (cronJob.Spec.Schedule, cronJob.Spec.TimeZone, cronJob.Spec.Suspend, cronJob.Spec.ConcurrencyPolicy,
                cronJob.Spec.SuccessfulJobsHistoryLimit, cronJob.Spec.FailedJobsHistoryLimit));
        AssertOwnedBy("hourly", await UidAsync("hourly"), cronJob.Metadata);
        AssertJob(cronJob.Spec.JobTemplate.Spec, "hourly", "schedule", "/etc/kubernetes/pki");

        V1Job job = Assert.Single((await _client.BatchV1.ListNamespacedJobAsync(Namespace)).Items);
        AssertOwnedBy("nightly", await UidAsync("nightly"), job.Metadata);
        AssertJob(job.Spec, "nightly", reason: null, certificates: null);
    }

    [Fact]
    public async Task The_elector_of_the_official_client_waits_while_the_agent_leads()
    {
        using CancellationTokenSource stopAgent = new();
        TaskCompletionSource leads = new(TaskCreationOptions.RunContinuationsAsynchronously);
        LeaderLease lease = new(
            Scene.Client,
            new LeaseOptions
            {
                Namespace = Namespace,
                Name = "lead",
                Identity = "agent-1",
                Duration = TimeSpan.FromSeconds(20),
                RenewDeadline = TimeSpan.FromSeconds(10),
                RetryPeriod = TimeSpan.FromMilliseconds(200),
            },
            TimeProvider.System);
        Task agent = lease.RunAsync(
            async token =>
            {
                leads.TrySetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            },
            failure => Assert.Fail(failure.Message),
            stopAgent.Token);
        await leads.Task.WaitAsync(TestDeadline.Patience);
        V1Lease read = await _client.CoordinationV1.ReadNamespacedLeaseAsync("lead", Namespace);

        LeaseLock elected = new(_client, Namespace, "lead", "elector-1");
        using LeaderElector elector = new(new LeaderElectionConfig(elected)
        {
            LeaseDuration = TimeSpan.FromSeconds(20),
            RenewDeadline = TimeSpan.FromSeconds(10),
            RetryPeriod = TimeSpan.FromMilliseconds(200),
        });
        using CancellationTokenSource stopElector = new();
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        elector.OnStartedLeading += () => started.TrySetResult();
        Task electing = elector.RunUntilLeadershipLostAsync(stopElector.Token);
        await TestDeadline.UntilAsync(
            "the elector to observe the agent", () => Task.FromResult(elector.GetLeader() == "agent-1"));
        bool tooEarly = started.Task.IsCompleted;
        await stopAgent.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => agent);
        await started.Task.WaitAsync(TestDeadline.Patience);
        await stopElector.CancelAsync();
        await electing.ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.False(tooEarly);
        Assert.Equal(
            ("agent-1", 20, 0), (read.Spec.HolderIdentity, read.Spec.LeaseDurationSeconds, read.Spec.LeaseTransitions));
        Assert.InRange(
            TimeProvider.System.GetUtcNow().UtcDateTime - read.Spec.RenewTime!.Value,
            TimeSpan.FromSeconds(-1),
            TestDeadline.Patience);
        Assert.True(read.Spec.AcquireTime <= read.Spec.RenewTime);
    }

    [Fact]
    public async Task A_policy_a_location_and_Secrets_of_another_client_are_read_field_by_field()
    {
        await WriteSecretAsync(
            "minio",
            ("access_key", "the-access-key"),
            ("secret_key", "the-secret-key"),
            ("repo_password", "pass phrase"));
        await Kind("backuplocations").CreateNamespacedAsync(
            new DeclaredObject<DeclaredLocationSpec, UndeclaredStatus>
            {
                ApiVersion = $"{Group}/{Version}",
                Kind = "BackupLocation",
                Metadata = new V1ObjectMeta { Name = "s3" },
                Spec = new DeclaredLocationSpec
                {
                    Url = "https://s3.example.com:9000",
                    BucketName = "etcd-backups",
                    Credentials = "minio",
                    Prefix = "clusters/one",
                    Region = "eu-central-1",
                    PathStyle = false,
                    CaCertificate = fixture.Server.CaPem,
                    ServerSideEncryption = "aws:kms",
                    KmsKeyId = "alias/backups",
                    StorageClass = "STANDARD_IA",
                    Tags = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "one" },
                },
            },
            Namespace);
        DeclaredObject<DeclaredPolicySpec, DeclaredPolicyStatus> foreignPolicy = new()
        {
            ApiVersion = $"{Group}/{Version}",
            Kind = "MetadataBackupPolicy",
            Metadata = new V1ObjectMeta { Name = "weekly" },
            Spec = new DeclaredPolicySpec
            {
                Destination = "s3",
                CertsDirectory = "/etc/kubernetes/pki",
                EtcdEndpoint = "http://10.0.0.1:2379,http://10.0.0.2:2379",
                EtcdCredentials = "foreign-etcd",
                EtcdServerName = "etcd.test",
                HashKv = "Never",
                Increments = new DeclaredIncrements { FullEvery = "12h", SizeMaxPercent = 20 },
                ChangeLog = new DeclaredChangeLog { CloseEvery = "10s", CloseBytes = "4Mi", Keep = "3d" },
                Schedule = "15 4 * * SUN",
                TimeZone = "Europe/Berlin",
                RetainNumBackups = 28,
                Retention = new JsonObject { ["daily"] = 7, ["within"] = "2d", ["maxBytes"] = "50Gi", ["ttl"] = "90d" },
                Verify = "AfterBackup",
                Suspend = true,
                Options = new Dictionary<string, string>(StringComparer.Ordinal) { ["execution"] = "InProcess" },
            },
        };
        foreignPolicy = await Kind("metadatabackuppolicies").CreateNamespacedAsync(foreignPolicy, Namespace);

        ResourceSet read = await new ClusterResourceStore(Scene.Cluster).LoadAsync(CancellationToken.None);

        Assert.Empty(read.Problems);
        BackupLocation location = read.Locations[Name("s3")];
        Assert.Equal(
            (new Uri("https://s3.example.com:9000"), "etcd-backups", "clusters/one", "eu-central-1", false),
            (location.Url, location.BucketName, location.Prefix, location.Region, location.PathStyle));
        Assert.Equal(Name("minio"), location.Credentials);
        Assert.Equal(fixture.Server.CaPem, location.CaCertificate);
        Assert.Equal(
            ("aws:kms", "alias/backups", "STANDARD_IA"),
            (location.Objects.ServerSideEncryption, location.Objects.KmsKeyId, location.Objects.StorageClass));
        Assert.Equal("team=one", string.Join(',', location.Objects.Tags.Select(tag => $"{tag.Key}={tag.Value}")));
        Assert.Equal("repo_password", Assert.IsType<PassphraseLocation>(location.Encryption).SecretKey);
        BackupPolicy policy = read.Policies[Name("weekly")];
        Assert.Equal(foreignPolicy.Metadata.Uid, policy.Uid);
        Assert.Equal(
            (Name("s3"), "/etc/kubernetes/pki", Name("foreign-etcd"), "etcd.test", PolicyHashKv.Never),
            (policy.Destination, policy.CertsDirectory, policy.EtcdCredentials, policy.EtcdServerName, policy.HashKv));
        Assert.Equal([new Uri("http://10.0.0.1:2379"), new Uri("http://10.0.0.2:2379")], policy.EtcdEndpoints);
        Assert.Equal(
            new PolicyIncrements { FullEvery = TimeSpan.FromHours(12), SizeMaxPercent = 20 }, policy.Increments);
        Assert.Equal(
            new PolicyChangeLog
            {
                CloseEvery = TimeSpan.FromSeconds(10),
                CloseBytes = 4 << 20,
                Keep = TimeSpan.FromDays(3),
            },
            policy.ChangeLog);
        Assert.Equal(
            ("15 4 * * SUN (Europe/Berlin)", PolicyVerification.AfterBackup, true, PolicyExecution.InProcess),
            ($"{policy.Schedule}", policy.Verify, policy.Suspend, policy.Execution));
        Assert.Equal(
            new PolicyRetention
            {
                Daily = 7,
                Within = TimeSpan.FromDays(2),
                MaxBytes = 50L << 30,
                Ttl = TimeSpan.FromDays(90),
                TimeZone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"),
            },
            policy.Retention);
        Assert.Equal(
            ["access_key=the-access-key", "repo_password=pass phrase", "secret_key=the-secret-key"],
            read.Secrets[Name("minio")].Data
                .Select(pair => $"{pair.Key}={Encoding.UTF8.GetString(pair.Value)}")
                .Order(StringComparer.Ordinal));
    }

    private static void AssertOwnedBy(string policy, string uid, V1ObjectMeta metadata)
    {
        V1OwnerReference owner = Assert.Single(metadata.OwnerReferences);
        Assert.Equal(
            ($"{Group}/{Version}", "MetadataBackupPolicy", policy, uid, true, null),
            (owner.ApiVersion, owner.Kind, owner.Name, owner.Uid, owner.Controller, owner.BlockOwnerDeletion));
        Assert.Equal(policy, metadata.Labels["kubedr.backup-policy"]);
    }

    private void AssertJob(V1JobSpec job, string policy, string? reason, string? certificates)
    {
        Assert.Equal((0, 21_600L, 86_400), (job.BackoffLimit, job.ActiveDeadlineSeconds, job.TtlSecondsAfterFinished));
        V1PodSpec pod = job.Template.Spec;
        Assert.Equal(
            ("Never", "etcd-backup-agent-backup", true, "ClusterFirstWithHostNet"),
            (pod.RestartPolicy, pod.ServiceAccountName, pod.HostNetwork, pod.DnsPolicy));
        Assert.Equal((0L, "RuntimeDefault"), (pod.SecurityContext.RunAsUser, pod.SecurityContext.SeccompProfile.Type));
        V1Container container = Assert.Single(pod.Containers);
        Assert.Equal(
            ("backup", "agent:test", "IfNotPresent"), (container.Name, container.Image, container.ImagePullPolicy));
        Assert.Equal(["etcd-backup-agent"], container.Command);
        Assert.Equal(["backup", "--kubernetes", "--policy", policy], container.Args.Take(4));
        V1SecurityContext security = container.SecurityContext;
        Assert.Equal((false, true), (security.AllowPrivilegeEscalation, security.ReadOnlyRootFilesystem));
        Assert.Equal(["ALL"], security.Capabilities.Drop);
        Assert.Null(security.Capabilities.Add);
        IDictionary<string, ResourceQuantity> requests = container.Resources.Requests;
        Assert.Equal(("100m", "256Mi"), (requests["cpu"].ToString(), requests["memory"].ToString()));
        Assert.Equal(
            "metadata.name",
            container.Env.Single(variable => variable.Name == "POD_NAME").ValueFrom.FieldRef.FieldPath);
        Assert.Equal("/tmp", container.Env.Single(variable => variable.Name == "TMPDIR").Value);
        Assert.Equal(reason, container.Env.SingleOrDefault(variable => variable.Name == "ETCD_BACKUP_REASON")?.Value);
        Assert.Equal("Memory", pod.Volumes.Single(volume => volume.Name == "tmp").EmptyDir.Medium);
        V1HostPathVolumeSource repository = pod.Volumes.Single(volume => volume.Name == "repository").HostPath;
        Assert.Equal((Scene.RepositoryPath, "DirectoryOrCreate"), (repository.Path, repository.Type));
        Assert.Equal(
            certificates, pod.Volumes.SingleOrDefault(volume => volume.Name == "certificates")?.HostPath.Path);
        Assert.Equal(
            pod.Volumes.Select(volume => volume.Name).Order(StringComparer.Ordinal),
            container.VolumeMounts.Select(mount => mount.Name).Order(StringComparer.Ordinal));
    }

    private async Task<string> UidAsync(string policy) => (await Kind("metadatabackuppolicies")
        .ReadNamespacedAsync<DeclaredObject<DeclaredPolicySpec, UndeclaredStatus>>(Namespace, policy)).Metadata.Uid;

    private Task<V1Secret> WriteSecretAsync(string name, params IEnumerable<(string Key, string Value)> data) =>
        _client.CoreV1.CreateNamespacedSecretAsync(
            new V1Secret
            {
                Metadata = new V1ObjectMeta { Name = name },
                Data = data.ToDictionary(
                    pair => pair.Key, pair => Encoding.UTF8.GetBytes(pair.Value), StringComparer.Ordinal),
            },
            Namespace);

    private GenericClient Kind(string plural) => new(_client, Group, Version, plural, disposeClient: false);

    private ResourceName Name(string name) => new(Namespace, name);
}
