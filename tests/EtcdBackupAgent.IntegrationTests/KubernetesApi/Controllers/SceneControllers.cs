using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.IntegrationTests.KubernetesApi.Cluster;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Controllers;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Workloads;
using EtcdBackupAgent.Storage.FileSystem;

namespace EtcdBackupAgent.IntegrationTests.KubernetesApi.Controllers;

/// <summary>The reconcilers of a scene, to be called one by one or to run.</summary>
internal sealed class SceneControllers
{
    private readonly ClusterScene _scene;
    private readonly TimeProvider _time;
    private readonly ControllerOptions _options = new()
    {
        RetryMin = TimeSpan.FromMilliseconds(50),
        RetryMax = TimeSpan.FromMilliseconds(500),
        Recheck = TimeSpan.FromMilliseconds(500),
        SyncPeriod = TimeSpan.FromHours(1),
        SyncDelay = TimeSpan.FromMilliseconds(100),
        SyncIntervalMin = TimeSpan.FromMilliseconds(200),
    };

    public SceneControllers(ClusterScene scene, TimeProvider? time = null, bool isInProcess = false)
    {
        _scene = scene;
        _time = time ?? TimeProvider.System;
        PodImage image = new("agent:test");
        EventRecorder events = new(scene.Client, "controller-1", _time);
        RepositoryAccess repositories =
            new() { OpenStore = Open, Passphrase = Passphrase, AgentVersion = "test" };
        Location = new LocationReconciler(
            scene.Cluster, repositories, new CatalogueSync(scene.Client, Open, _time), events, _options, _time, Log)
        {
            Gone = LocationsGone.Add,
        };
        PolicyExecutionMode mode = new()
        {
            Image = image,
            IsAlwaysInProcess = isInProcess,
            BackUpNow = (name, occasion) =>
            {
                RequestedNow.Add(name.Name);
                Occasions.Add(occasion);
                return IsPolicyKnownToWorker;
            },
        };
        Policy = new PolicyReconciler(scene.Cluster, mode, events, _options, _time, Log) { Observer = Observed };
        Record = new RecordReconciler(scene.Cluster, repositories, events, _time, Log);
        Restore = new RestoreReconciler(scene.Cluster, image, events, _options, _time, Log);
    }

    public LocationReconciler Location { get; }

    public PolicyReconciler Policy { get; }

    public RecordReconciler Record { get; }

    public RestoreReconciler Restore { get; }

    public RecordedLines Log { get; } = new();

    public ReconcileCounts Measured { get; } = new();

    public ObservedPolicies Observed { get; } = new();

    /// <summary>The locations that were reported as gone.</summary>
    public List<string> LocationsGone { get; } = [];

    /// <summary>The policies for which a backup now was requested from the worker.</summary>
    public List<string> RequestedNow { get; } = [];

    /// <summary>Why each of them was requested.</summary>
    public List<BackupOccasion> Occasions { get; } = [];

    public bool IsPolicyKnownToWorker { get; set; } = true;

    /// <summary>Whether no repository can be reached.</summary>
    public bool IsStoreUnreachable { get; set; }

    /// <summary>Reconciles one object.</summary>
    /// <returns>The requests that write, as verb and resource.</returns>
    public async Task<string[]> ReconcileAsync(IReconciler reconciler, string name)
    {
        int before = _scene.Proxy.Requests.Count;
        await reconciler.ReconcileAsync(name, CancellationToken.None);
        return
        [
            .. _scene.RequestsSince(before).Where(request => request.Split(' ')[0] is not ("get" or "list" or "watch")),
        ];
    }

    /// <summary>Starts all of them, as a controller with the lease does.</summary>
    public RunningControllers Start() =>
        new([Location, Policy, Record, Restore], reconciler => new ResourceController(
            _scene.Cluster, reconciler, _options, Measured, _time, Log));

    private IObjectStore Open(BackupLocation location, ResourceSet resources) => IsStoreUnreachable
        ? throw new BackupException(FailureReason.StoreUnreachable, "The store is away.")
        : new DirectoryObjectStore(location.Url.LocalPath, TimeProvider.System);

    private static AgePassphrase Passphrase(PassphraseLocation location, ResourceSet resources) =>
        new(resources.Secrets[location.Secret].Data[location.SecretKey]);
}

/// <summary>Stores what an observer of policies received last.</summary>
internal sealed class ObservedPolicies : IPolicyObserver
{
    public Dictionary<string, BackupPolicy?> Known { get; } = new(StringComparer.Ordinal);

    public void Seen(PolicyObject item, BackupPolicy? policy)
    {
        lock (Known)
        {
            Known[item.Name] = policy;
        }
    }

    public void Gone(string name)
    {
        lock (Known)
        {
            Known.Remove(name);
        }
    }
}
