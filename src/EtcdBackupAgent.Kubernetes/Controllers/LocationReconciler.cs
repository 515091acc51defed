using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Cluster;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Resources;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// Makes the repository of a location, or adopts the one that is there; pins whom it encrypts to; and keeps the records in the
/// cluster in step with it.
/// </summary>
/// <remarks>
/// 1. Read the location and its Secret. What is wrong with them stands in the status, and is looked at again later: no watch
///    tells when a Secret is mended.
/// 2. Open the repository, or make it.
/// 3. Compare it with the pin, or pin it; a passphrase must open it, which is tried once for each version of the location.
/// 4. Say so in the status; an event where that is news.
/// 5. Compare the records with the repository, once a period.
/// </remarks>
internal sealed class LocationReconciler(
    ConnectedCluster cluster,
    RepositoryAccess repositories,
    CatalogueSync sync,
    EventRecorder events,
    ControllerOptions options,
    TimeProvider time,
    ILogger logger) : IReconciler
{
    private readonly ClusterResourceStore _resources = new(cluster);
    private readonly StatusWriter _statuses = new(cluster.Client);

    /// <summary>When each location was compared with its records last.</summary>
    private readonly Dictionary<string, DateTimeOffset> _synced = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    public ResourceKind Kind => ClusterKinds.BackupLocation;

    /// <summary>Told what is in each repository; for metrics.</summary>
    public Action<string, CatalogueReport> Seen { get; init; } = static (_, _) => { };

    /// <summary>The sync writes other fields of the status, which call for nothing.</summary>
    public string? Fingerprint(JsonObject item) =>
        $"{ObjectMetadata.Uid(item)} {item["metadata"]?["generation"]} {item["status"]?["pinned"]?.ToJsonString()}";

    public IReadOnlyList<RelatedKind> Related => [];

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        JsonObject? item = await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken);
        if (item is null || ObjectMetadata.IsBeingDeleted(item))
        {
            return null;
        }

        ResourceSet resources = await _resources.BindLocationAsync(item, cancellationToken);
        if (resources.Locations.Values.SingleOrDefault() is not { } location)
        {
            return await FailedAsync(item, Invalid(name, resources), cancellationToken);
        }

        string address;
        try
        {
            // 2
            using IObjectStore store = repositories.OpenStore(location, resources);
            BackupRepository repository = await OpenOrMakeAsync(store, location, resources, cancellationToken);
            address = store.Address;

            // 3
            await new ProtectionCheck(new LocationStatusPins(cluster.Client), time)
                .RequireAsync(repository, location, cancellationToken);
            if (!IsReady(item) && location.Encryption is PassphraseLocation secret)
            {
                using AgePassphrase passphrase = repositories.Passphrase(secret, resources);
                using AgeIdentity identity = await new RepositoryKeys(repository, time).OpenAsync(passphrase, cancellationToken);
            }
        }
        catch (BackupException e) when (!IsOfTheCluster(e))
        {
            return await FailedAsync(item, e, cancellationToken);
        }

        // 4
        await ReadyAsync(item, address, cancellationToken);

        // 5
        if (IsDue(name))
        {
            CatalogueReport report = await sync.ExecuteAsync(location, resources, cancellationToken);
            if (report.Created + report.Changed + report.Removed > 0)
            {
                logger.CatalogueSynced(name, report.Created, report.Changed, report.Removed);
            }

            Seen(name, report);
            Synced(name);
        }

        return options.SyncPeriod;
    }

    private async Task<BackupRepository> OpenOrMakeAsync(
        IObjectStore store, BackupLocation location, ResourceSet resources, CancellationToken cancellationToken)
    {
        try
        {
            return await BackupRepository.OpenAsync(store, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.RepositoryNotFound)
        {
            // Nobody was here yet.
        }

        using AgePassphrase? passphrase =
            location.Encryption is PassphraseLocation secret ? repositories.Passphrase(secret, resources) : null;
        RepositoryProtection protection = location.Encryption switch
        {
            UnencryptedLocation => new Unprotected(),
            RecipientLocation to => new RecipientProtection([.. to.Recipients.Select(AgeRecipient.Parse)]),
            _ => new PassphraseProtection(passphrase!),
        };
        try
        {
            return await BackupRepository.InitAsync(store, protection, time, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.RepositoryExists)
        {
            // Somebody was faster, and nothing was changed.
            return await BackupRepository.OpenAsync(store, cancellationToken);
        }
    }

    private async Task ReadyAsync(JsonObject item, string address, CancellationToken cancellationToken)
    {
        if (IsReady(item))
        {
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        JsonObject written = await _statuses.ChangeAsync(
            Kind,
            item,
            status =>
            {
                status["initStatus"] = "Completed";
                status["initTime"] = StatusTime.Text(now);
                status.Remove("initErrorMessage");
                status["observedGeneration"] = ObjectMetadata.Generation(item);
                StatusConditions.Set(
                    status, StatusConditions.Ready, true, "RepositoryUsable", $"The repository at {address} can be used.",
                    ObjectMetadata.Generation(item), now);
            },
            cancellationToken);
        logger.LocationReady(ObjectMetadata.Name(item), address);
        await events.RecordAsync(
            Kind, written, EventType.Normal, "InitSucceeded", $"Repo at {Place(item)} is successfully initialized", cancellationToken);
    }

    private async Task<TimeSpan?> FailedAsync(JsonObject item, BackupException failure, CancellationToken cancellationToken)
    {
        string message = failure.MessageWithHint;
        if (ObjectMetadata.Find(item, "status", "initStatus") != "Failed"
            || ObjectMetadata.Find(item, "status", "initErrorMessage") != message
            || !IsObserved(item))
        {
            DateTimeOffset now = time.GetUtcNow();
            JsonObject written = await _statuses.ChangeAsync(
                Kind,
                item,
                status =>
                {
                    status["initStatus"] = "Failed";
                    status["initTime"] = StatusTime.Text(now);
                    status["initErrorMessage"] = message;
                    status["observedGeneration"] = ObjectMetadata.Generation(item);
                    StatusConditions.Set(
                        status, StatusConditions.Ready, false, failure.Reason.ToString(), message,
                        ObjectMetadata.Generation(item), now);
                },
                cancellationToken);
            logger.LocationFailed(ObjectMetadata.Name(item), failure.Message);
            await events.RecordAsync(Kind, written, EventType.Warning, "InitFailed", message, cancellationToken);
        }

        return options.Recheck;
    }

    /// <summary>kubedr's words: <c>s3:https://minio.example.com:9000/bucket</c>.</summary>
    private static string Place(JsonObject item)
    {
        string url = ObjectMetadata.Find(item, "spec", "url") ?? "";
        string? bucket = ObjectMetadata.Find(item, "spec", "bucketName");
        return bucket is null ? url : $"s3:{url.TrimEnd('/')}/{bucket}";
    }

    private static bool IsReady(JsonObject item) =>
        IsObserved(item)
        && ObjectMetadata.Find(item, "status", "initStatus") == "Completed"
        && StatusConditions.Holds(item, StatusConditions.Ready);

    private static bool IsObserved(JsonObject item) =>
        (long?)item["status"]?["observedGeneration"] == ObjectMetadata.Generation(item);

    /// <summary>Trouble with the API server says nothing about the location.</summary>
    private static bool IsOfTheCluster(BackupException failure) => failure.Reason is FailureReason.KubernetesUnreachable
        or FailureReason.KubernetesDenied or FailureReason.KubernetesConflict or FailureReason.KubernetesFailed;

    private static BackupException Invalid(string name, ResourceSet resources) => new(
        FailureReason.InvalidInput,
        $"{DocumentIdentity.BackupLocation} {name} cannot be used: "
        + string.Join('\n', resources.Problems.Where(problem => problem.Severity == ProblemSeverity.Error)));

    private bool IsDue(string name)
    {
        lock (_lock)
        {
            return !_synced.TryGetValue(name, out DateTimeOffset last) || time.GetUtcNow() - last >= options.SyncPeriod;
        }
    }

    private void Synced(string name)
    {
        lock (_lock)
        {
            _synced[name] = time.GetUtcNow();
        }
    }
}
