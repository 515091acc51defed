using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Retention;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Access;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Storage.FileSystem;
using EtcdBackupAgent.Testing.Directories;
using EtcdBackupAgent.Testing.KubernetesApi;
using EtcdBackupAgent.Testing.KubernetesApi.Recording;
using EtcdBackupAgent.Tests.Core;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;

/// <summary>A namespace with the location <c>disk</c> and the policy <c>nightly</c>, and a repository in a directory
/// whose snapshots have manifests but no real data.</summary>
internal sealed class ClusterScene : IDisposable
{
    public const string Location = "disk";
    public const string Policy = "nightly";

    /// <summary>The fields of a policy that needs no action.</summary>
    public const string PolicySpecDefault = "verify: Never";

    private static readonly CancellationToken None = CancellationToken.None;

    private readonly ClusterFixture _fixture;
    private readonly TestDirectory _directory = new();

    private ClusterScene(ClusterFixture fixture, KubernetesConnection connection, string ns)
    {
        _fixture = fixture;
        Cluster = new ConnectedCluster(new KubernetesClient(connection, TimeProvider.System), ns);
        Store = new DirectoryObjectStore(RepositoryPath, TimeProvider.System);
    }

    /// <summary>The cluster, through the proxy and with the rights of the controller.</summary>
    public ConnectedCluster Cluster { get; }

    public KubernetesClient Client => Cluster.Client;

    public string Namespace => Cluster.Namespace;

    public RecordingProxy Proxy => _fixture.Proxy;

    public KubernetesApiServer Server => _fixture.Server;

    public string RepositoryPath => _directory["repository"];

    public DirectoryObjectStore Store { get; }

    public BackupRepository Repository { get; private set; } = null!;

    public ResourceName PolicyName => new(Namespace, Policy);

    public static async Task<ClusterScene> StartAsync(ClusterFixture fixture, string policySpec = PolicySpecDefault)
    {
        string ns = await fixture.Server.CreateNamespaceAsync();
        using TestDirectory directory = new();
        string token = KubernetesApiServer.TokenOf("etcd-backup-agent-controller");
        string file = directory.Write(
            "kubeconfig",
            fixture.Server.Kubeconfig($"token: {token}", fixture.Proxy.Url, ns));
        ClusterScene scene = new(
            fixture, await KubeConfig.LoadAsync([file], context: null, TimeProvider.System, None), ns);
        scene.Repository = await BackupRepository.InitAsync(scene.Store, new Unprotected(), TimeProvider.System, None);
        await scene.ApplyAsync("BackupLocation", Location, $"url: file://{scene.RepositoryPath}, encryption: None");
        await scene.ApplyAsync(
            "MetadataBackupPolicy",
            Policy,
            $"destination: {Location}, etcdEndpoint: http://127.0.0.1:2379, {policySpec}");
        return scene;
    }

    /// <summary>Applies an object of one of the agent's kinds; the spec is in YAML's one-line form.</summary>
    public Task<string> ApplyAsync(string kind, string name, string spec) => Server.ApplyAsync(
        $$"""
        apiVersion: kubedr.catalogicsoftware.com/v1alpha1
        kind: {{kind}}
        metadata: {name: {{name}}, namespace: {{Namespace}}}
        spec: { {{spec}} }
        """);

    /// <summary>Returns the manifest of a snapshot that is not stored.</summary>
    /// <param name="hours">The hours after new year when it began.</param>
    /// <param name="cluster">Its etcd cluster.</param>
    /// <param name="policy">Its policy.</param>
    /// <param name="policyUid">The policy's uid; null for none.</param>
    public SnapshotManifest Manifest(
        double hours,
        ulong cluster = 0xc1,
        string policy = Policy,
        string? policyUid = null)
    {
        SnapshotManifest manifest = SampleSnapshots.Manifest(
            new SnapshotFolder(SampleSnapshots.NewYear.AddHours(hours), SnapshotId.New()), policy, cluster);
        Dictionary<string, string> labels = new(StringComparer.Ordinal);
        if (policyUid is not null)
        {
            labels.Add(SnapshotManifest.PolicyUidLabel, policyUid);
        }

        return manifest with { Policy = new ResourceName(Namespace, policy), Labels = labels };
    }

    /// <summary>Stores a snapshot.</summary>
    public async Task<SnapshotManifest> StoreAsync(SnapshotManifest manifest, VerificationResult? verified = null)
    {
        SnapshotFolder folder = new(manifest.StartedAt, manifest.Id);
        foreach (ArtifactManifest artifact in manifest.Artifacts)
        {
            using MemoryStream bytes = new(new byte[artifact.StoredBytes]);
            await Store.PutAsync(artifact.Key, bytes, None);
        }

        await Repository.CommitAsync(folder, manifest, None);
        if (verified is { } result)
        {
            Snapshot stored = await Repository.FindAsync(manifest.Id.Value, None);
            await Repository.AddVerificationAsync(folder, SampleSnapshots.Verification(stored.Manifest, result), None);
        }

        return manifest;
    }

    public Task RemoveAsync(SnapshotManifest manifest) =>
        Repository.RemoveAsync(new SnapshotFolder(manifest.StartedAt, manifest.Id), None);

    /// <summary>Returns the outcome of a backup; nothing was pruned unless a report is given.</summary>
    public static BackupOutcome Outcome(SnapshotManifest manifest, PruneReport? pruned = null) => new()
    {
        Folder = new SnapshotFolder(manifest.StartedAt, manifest.Id),
        Manifest = manifest,
        Address = "file:///repository",
        Warnings = [],
        Pruned = pruned,
    };

    /// <summary>Returns the report of a prune.</summary>
    public static PruneReport Pruned(
        IEnumerable<SnapshotManifest> kept,
        params IEnumerable<SnapshotManifest> removed) =>
        new()
        {
            Decisions =
            [
                .. kept.Select(m => Decision(m, keep: true)),
                .. removed.Select(m => Decision(m, keep: false)),
            ],
            UnreferencedObjects = [],
            StaleUploads = [],
            Unreadable = [],
        };

    /// <param name="limits">How long it retries.</param>
    /// <param name="hours">The hours after new year that its clock shows.</param>
    public Publisher NewPublisher(PublisherLimits? limits = null, double hours = 0) =>
        new(Client, "pod-1", new ShiftedTime(SampleSnapshots.NewYear.AddHours(hours)))
        {
            Limits = limits ?? new PublisherLimits(),
        };

    /// <summary>Publishes a backup.</summary>
    /// <returns>The messages about everything that could not be published.</returns>
    public async Task<IReadOnlyList<string>> PublishAsync(BackupOutcome outcome, PublisherLimits? limits = null)
    {
        List<string> unpublished = [];
        await NewPublisher(limits).RunAsync(
            new PublishedRun(PolicyName, Location),
            _ => Task.FromResult(outcome),
            failure => unpublished.Add(failure.Message),
            None);
        return unpublished;
    }

    /// <summary>Syncs the location.</summary>
    public async Task<CatalogueReport> SyncAsync(
        TimeProvider? time = null, Func<string, bool>? isAwaitingDeletion = null)
    {
        ResourceSet resources = await new ClusterResourceStore(Cluster).LoadAsync(None);
        CatalogueSync sync = new(
            Client,
            (_, _) => new DirectoryObjectStore(RepositoryPath, TimeProvider.System),
            time ?? TimeProvider.System)
        {
            IsAwaitingDeletion = isAwaitingDeletion ?? (_ => false),
        };
        return await sync.ExecuteAsync(resources.Locations[new ResourceName(Namespace, Location)], resources, None);
    }

    public Task<JsonObject?> FindRecordAsync(SnapshotId id) =>
        Client.FindAsync(ClusterKinds.Record, Namespace, ClusterNames.RecordOf(id.Value), None);

    public async Task<JsonObject> RecordAsync(SnapshotId id) =>
        await FindRecordAsync(id) ?? throw new InvalidOperationException($"There is no record of {id}.");

    public async Task<string[]> RecordNamesAsync() =>
        [
            .. (await Client.ListAsync(ClusterKinds.Record, Namespace, ResourceSelection.All, None)).Items.Select(
                ObjectMetadata.Name),
        ];

    public async Task<JsonObject> StatusOfPolicyAsync() =>
        (await PolicyAsync())["status"] as JsonObject ?? [];

    public Task<JsonObject> PolicyAsync() => Client.GetAsync(ClusterKinds.Policy, Namespace, Policy, None);

    public Task<JsonObject> LocationAsync() => Client.GetAsync(ClusterKinds.BackupLocation, Namespace, Location, None);

    /// <summary>Type, reason and message of each event.</summary>
    public async Task<string[]> EventsAsync() =>
    [
        .. (await Client.ListAsync(ClusterKinds.Event, Namespace, ResourceSelection.All, None)).Items
            .Select(item => $"{item["type"]} {item["reason"]}: {item["message"]}"),
    ];

    /// <summary>Returns the requests in this namespace after the first <paramref name="count"/> requests: verb and
    /// resource.</summary>
    public string[] RequestsSince(int count) =>
    [
        .. Proxy.Requests.Skip(count)
            .Where(request => request.Namespace == Namespace)
            .Select(request => $"{request.Verb} {request.Resource}"),
    ];

    public void Dispose()
    {
        Cluster.Dispose();
        Store.Dispose();
        _directory.Dispose();
    }

    private static RetentionDecision Decision(SnapshotManifest manifest, bool keep) =>
        new(
            new Snapshot
            {
                Folder = new SnapshotFolder(manifest.StartedAt, manifest.Id),
                Manifest = manifest,
                Missing = [],
            },
            IsOwn: true,
            keep,
            "for the test");
}
