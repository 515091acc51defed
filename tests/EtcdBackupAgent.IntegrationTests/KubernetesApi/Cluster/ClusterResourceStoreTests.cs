using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using Xunit;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>Policies and locations from a real API server.</summary>
[Collection(ClusterTests.Name)]
public sealed class ClusterResourceStoreTests(ClusterFixture fixture) : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private ClusterScene Scene { get; set; } = null!;

    private ClusterResourceStore Store => new(Scene.Cluster);

    public async Task InitializeAsync() => Scene = await ClusterScene.StartAsync(fixture);

    public Task DisposeAsync()
    {
        Scene.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Fields_that_the_server_adds_give_no_warning()
    {
        await AddS3Async();
        await Scene.Server.KubectlAsync(
            "-n",
            Scene.Namespace,
            "annotate",
            "metadatabackuppolicies/nightly",
            "team=one");

        ResourceSet set = await Store.LoadAsync(None);

        Assert.Empty(set.Problems);
        Assert.Equal(["disk", "s3"], set.Locations.Keys.Select(name => name.Name).Order(StringComparer.Ordinal));
        Assert.Equal(ObjectMetadata.Uid(await Scene.PolicyAsync()), set.Policies[Scene.PolicyName].Uid);
        Assert.Equal(PolicyExecution.CronJob, set.Policies[Scene.PolicyName].Execution);
        Assert.IsType<PassphraseLocation>(set.Locations[new ResourceName(Scene.Namespace, "s3")].Encryption);
    }

    [Fact]
    public async Task Only_Secrets_that_are_named_are_read_each_by_its_name()
    {
        await AddS3Async();
        await Scene.Server.KubectlAsync("-n", Scene.Namespace, "create", "secret", "generic", "unrelated");
        int before = Scene.Proxy.Requests.Count;

        ResourceSet set = await Store.LoadAsync(None);

        Assert.Equal(["minio"], set.Secrets.Keys.Select(name => name.Name));
        Assert.Equal(
            ["list backuplocations", "list metadatabackuppolicies", "get secrets"], Scene.RequestsSince(before));
    }

    [Fact]
    public async Task A_missing_or_denied_Secret_is_a_problem_of_the_object_that_names_it()
    {
        await Scene.ApplyAsync(
            "BackupLocation",
            "s3",
            "url: 'https://s3.example.com', bucketName: etcd, credentials: minio");
        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            "hourly",
            "destination: disk, etcdEndpoint: 'https://127.0.0.1:2379', etcdCreds: forbidden");
        Scene.Proxy.Grants = request => request.Namespace != Scene.Namespace || request.Name != "forbidden";
        ResourceSet set;
        try
        {
            set = await Store.LoadAsync(None);
        }
        finally
        {
            Scene.Proxy.Grants = null;
        }

        string ns = Scene.Namespace;
        Assert.Collection(
            set.Problems.Select(problem => $"{problem}").Order(StringComparer.Ordinal),
            absent => Assert.Equal(
                $"BackupLocation {ns}/s3: spec.credentials: there is no Secret {ns}/minio; it needs the keys "
                + "access_key, "
                + "secret_key, repo_password",
                absent),
            denied => Assert.StartsWith(
                $"MetadataBackupPolicy {ns}/hourly: spec.etcdCreds: Secret {ns}/forbidden cannot be read: secrets is "
                + "forbidden: ",
                denied,
                StringComparison.Ordinal));
        Assert.Equal(["nightly"], set.Policies.Keys.Select(name => name.Name));
    }

    [Fact]
    public async Task The_version_depends_on_the_specifications_and_not_on_the_statuses()
    {
        await AddS3Async();
        string first = (await Store.LoadAsync(None)).Version;

        await Scene.PublishAsync(ClusterScene.Outcome(Scene.Manifest(0)));
        Assert.Equal(first, (await Store.LoadAsync(None)).Version);

        await Scene.Server.KubectlAsync(
            "-n",
            Scene.Namespace,
            "patch",
            "secret",
            "minio",
            "--patch",
            """{"stringData":{"access_key":"rotated"}}""");
        string second = (await Store.LoadAsync(None)).Version;
        Assert.NotEqual(first, second);

        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            "nightly",
            "destination: disk, etcdEndpoint: 'http://127.0.0.1:2379', retainNumBackups: 7");
        Assert.NotEqual(second, (await Store.LoadAsync(None)).Version);
    }

    [Fact]
    public async Task One_policy_is_bound_with_its_location_independent_of_errors_in_others()
    {
        await Scene.ApplyAsync(
            "MetadataBackupPolicy",
            "lost",
            "destination: nowhere, etcdEndpoint: 'http://127.0.0.1:2379'");
        PolicyObject nightly = new(await Scene.PolicyAsync());
        PolicyObject other = new(
            await Scene.Client.GetAsync(ClusterKinds.Policy, Scene.Namespace, "lost", CancellationToken.None));
        int before = Scene.Proxy.Requests.Count;

        BoundPolicy bound = await Store.BindAsync(nightly, None);

        Assert.Equal(["get backuplocations"], Scene.RequestsSince(before));
        Assert.Equal(("nightly", "disk"), (bound.Policy!.Name.Name, bound.Location!.Name.Name));
        Assert.Empty(bound.Resources.Problems);
        BoundPolicy lost = await Store.BindAsync(other, None);
        Assert.Null(lost.Policy);
        Assert.Contains($"there is no BackupLocation {Scene.Namespace}/nowhere", lost.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pin_is_stored_in_the_status_of_the_location()
    {
        ResourceName name = new(Scene.Namespace, ClusterScene.Location);
        LocationStatusPins pins = new(Scene.Client);
        PinnedRecipients pin = new()
        {
            RepositoryId = "0123456789abcdef",
            Recipients = ["age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"],
            PinnedAt = Tests.Core.SampleSnapshots.NewYear,
        };

        Assert.Null(await pins.ReadAsync(name, None));
        await pins.WriteAsync(name, pin, None);
        PinnedRecipients? read = await pins.ReadAsync(name, None);

        Assert.Equal((pin.RepositoryId, pin.PinnedAt), (read!.RepositoryId, read.PinnedAt));
        Assert.Equal(pin.Recipients, read.Recipients);
        DocumentPins document = new(new LocationObject(await Scene.LocationAsync()));
        Assert.Equal(pin.RepositoryId, (await document.ReadAsync(name, None))!.RepositoryId);
        await pins.WriteAsync(name, pin with { RepositoryId = "fedcba9876543210", Recipients = [] }, None);
        Assert.Empty((await pins.ReadAsync(name, None))!.Recipients);
    }

    [Fact]
    public async Task An_unreachable_server_is_reported()
    {
        using ConnectedCluster away = new(
            new KubernetesClient(
                Scene.Client.Connection with { Server = new Uri("https://127.0.0.1:1") }, TimeProvider.System),
            "kubedr-system");

        BackupException e = await Assert.ThrowsAsync<BackupException>(() =>
            new ClusterResourceStore(away).LoadAsync(None));

        Assert.Equal(FailureReason.KubernetesUnreachable, e.Reason);
        Assert.Equal("Cannot read policies and locations at https://127.0.0.1:1: connection refused.", e.Message);
    }

    private async Task AddS3Async()
    {
        await Scene.Server.KubectlAsync(
            "-n",
            Scene.Namespace,
            "create",
            "secret",
            "generic",
            "minio",
            "--from-literal=access_key=a",
            "--from-literal=secret_key=b",
            "--from-literal=restic_repo_password=c");
        await Scene.ApplyAsync(
            "BackupLocation",
            "s3",
            "url: 'https://s3.example.com', bucketName: etcd, credentials: minio");
    }
}
