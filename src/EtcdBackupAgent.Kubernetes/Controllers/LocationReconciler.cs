using System.Text.Json.Nodes;
using EtcdBackupAgent.Archive.Age;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.History;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Catalogue;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Resources.Binding;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// Creates the repository of a location, or adopts the existing one; pins its recipients; and keeps the records in the
/// cluster consistent with it.
/// </summary>
/// <remarks>
/// 1. Read the location and its Secret. An error in them is written to the status and checked again later: no watch
///    reports that a Secret was corrected.
/// 2. Open the repository, or create it.
/// 3. Compare it with the pin, or pin it. A passphrase must open it; this is tried once for each version of the
///    location and of its Secret.
/// 4. Report the result in the status, and in an event if it is new.
/// 5. Compare the records with the repository: once in each period, and soon after records appeared or were removed.
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
    private readonly LocationSyncs _syncs = new(options, time);
    private readonly PassphraseChecks _passphrases = new(repositories, time);

    public ResourceKind Kind => ClusterKinds.BackupLocation;

    /// <summary>Called with the content of each repository, for metrics.</summary>
    public Action<string, CatalogueReport> Seen { get; init; } = static (_, _) => { };

    /// <summary>Called with the name of a location that no longer exists, for metrics.</summary>
    public Action<string> Gone { get; init; } = static _ => { };

    /// <summary>The sync writes other fields of the status; their changes cause no reconciliation.</summary>
    public string? Fingerprint(JsonObject item)
    {
        LocationObject location = new(item);
        return $"{location.Uid} {location.Generation} {location.Status.PinText}";
    }

    public IReadOnlyList<RelatedKind> Related =>
    [
        new(
            ClusterKinds.Record,
            ResourceSelection.All,
            ObjectMetadata.Uid,
            record => new RecordObject(record).Location)
        {
            Changed = _syncs.RecordsChanged,
            Delay = options.SyncDelay,
        },
    ];

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        LocationObject? item = LocationObject.Of(
            await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken));
        if (item is null || item.IsBeingDeleted)
        {
            _syncs.Remove(name);
            _passphrases.Remove(name);
            Gone(name);
            return null;
        }

        ResourceSet resources = await _resources.BindLocationAsync(item, cancellationToken);
        if (resources.Locations.Values.SingleOrDefault() is not { } location)
        {
            return await ReportFailedAsync(item, Invalid(name, resources), cancellationToken);
        }

        string address;
        try
        {
            // 2
            using IObjectStore store = repositories.OpenStore(location, resources);
            BackupRepository repository = await OpenOrCreateAsync(store, location, resources, cancellationToken);
            address = store.Address;

            // 3
            await new ProtectionCheck(new LocationStatusPins(cluster.Client), time)
                .RequireAsync(repository, location, cancellationToken);
            await _passphrases.RequireAsync(repository, location, resources, cancellationToken);
        }
        catch (BackupException e) when (!IsApiFailure(e))
        {
            return await ReportFailedAsync(item, e, cancellationToken);
        }

        // 4
        await ReportReadyAsync(item, address, cancellationToken);

        // 5
        if (_syncs.UntilDue(item) <= TimeSpan.Zero)
        {
            SyncRound round = _syncs.Begin(item);
            CatalogueReport report = await sync.ExecuteAsync(location, resources, cancellationToken);
            _syncs.Complete(item, round);
            if (report.Created + report.Changed + report.Removed > 0)
            {
                logger.CatalogueSynced(name, report.Created, report.Changed, report.Removed);
            }

            if (FutureSnapshots.Describe([.. report.Inventory.FromFuture]) is { } warning)
            {
                logger.LocationDoubtful(name, warning);
            }

            Seen(name, report);
        }

        TimeSpan next = _syncs.UntilDue(item);
        return next > options.SyncDelay ? next : options.SyncDelay;
    }

    private async Task<BackupRepository> OpenOrCreateAsync(
        IObjectStore store, BackupLocation location, ResourceSet resources, CancellationToken cancellationToken)
    {
        try
        {
            return await BackupRepository.OpenAsync(
                store, LocationSigning.Of(location, resources), time, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.RepositoryNotFound)
        {
            // There is no repository yet: create it below.
        }

        RepositoryProtection protection =
            LocationProtection.Of(location, secret => repositories.Passphrase(secret, resources));
        using AgePassphrase? passphrase = (protection as PassphraseProtection)?.Passphrase;
        try
        {
            return await BackupRepository.InitAsync(store, protection, time, cancellationToken);
        }
        catch (BackupException e) when (e.Reason == FailureReason.RepositoryExists)
        {
            // Another process created it first, and this call changed nothing.
            return await BackupRepository.OpenAsync(
                store, LocationSigning.Of(location, resources), time, cancellationToken);
        }
    }

    private async Task ReportReadyAsync(LocationObject item, string address, CancellationToken cancellationToken)
    {
        if (item.Status.IsReady(item.Generation))
        {
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        LocationObject written = await _statuses.ChangeAsync(
            item, status => status.SetReady(address, item.Generation, now), cancellationToken);
        logger.LocationReady(item.Name, address);
        await events.RecordAsync(
            Kind,
            written,
            EventType.Normal,
            "InitSucceeded",
            $"Repo at {DisplayUrl(item)} is successfully initialized",
            cancellationToken);
    }

    private async Task<TimeSpan?> ReportFailedAsync(
        LocationObject item, BackupException failure, CancellationToken cancellationToken)
    {
        string message = failure.MessageWithHint(SettingFields.NameOf);
        if (!item.Status.IsFailed(message, item.Generation))
        {
            DateTimeOffset now = time.GetUtcNow();
            LocationObject written = await _statuses.ChangeAsync(
                item, status => status.SetFailed(failure, item.Generation, now), cancellationToken);
            logger.LocationFailed(item.Name, failure.Message);
            await events.RecordAsync(Kind, written, EventType.Warning, "InitFailed", message, cancellationToken);
        }

        return options.Recheck;
    }

    /// <summary>kubedr's words: <c>s3:https://minio.example.com:9000/bucket</c>.</summary>
    private static string DisplayUrl(LocationObject item)
    {
        string url = item.Url ?? "";
        return item.BucketName is { } bucket ? $"s3:{url.TrimEnd('/')}/{bucket}" : url;
    }

    /// <summary>A failure of the API server is not an error of the location.</summary>
    private static bool IsApiFailure(BackupException failure) => failure.Reason is FailureReason.KubernetesUnreachable
        or FailureReason.KubernetesDenied or FailureReason.KubernetesConflict or FailureReason.KubernetesFailed;

    private static BackupException Invalid(string name, ResourceSet resources) => new(
        FailureReason.InvalidInput,
        $"{DocumentIdentity.BackupLocation} {name} cannot be used: "
        + string.Join('\n', resources.Problems.Where(problem => problem.Severity == ProblemSeverity.Error)));
}
