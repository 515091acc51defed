using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Cluster;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Workloads;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Makes the Job of a restore, once, and tells what became of it where its pod could not.</summary>
/// <remarks>
/// 1. Read the restore. One that has ended is not begun again, whoever asks.
/// 2. Find what it names: the record, its location, the claim. What is not there yet may come, for a while.
/// 3. Make the Job.
/// 4. If the Job has ended and the pod has not said so, say it.
/// </remarks>
internal sealed class RestoreReconciler(
    ConnectedCluster cluster, PodImage image, EventRecorder events, TimeProvider time, ILogger logger)
    : IReconciler
{
    /// <summary>How long what a restore names may be missing: after a disaster the records come with the first sync.</summary>
    public static readonly TimeSpan MissingMax = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MissingRecheck = TimeSpan.FromSeconds(5);
    private const int NameLengthMax = 40;
    private const int KeyDigits = 8;

    private readonly ClusterResourceStore _resources = new(cluster);
    private readonly StatusWriter _statuses = new(cluster.Client);
    private readonly PodFailure _pods = new(cluster);

    public ResourceKind Kind => ClusterKinds.Restore;

    /// <summary>Its progress calls for nothing.</summary>
    public string? Fingerprint(JsonObject item) =>
        $"{ObjectMetadata.Uid(item)} {ObjectMetadata.Generation(item)} {RestoreStatus.HasEnded(item)}";

    public IReadOnlyList<RelatedKind> Related =>
    [
        new(
            ClusterKinds.Job,
            new ResourceSelection(Labels: $"{ClusterNames.TypeLabel}=restore"),
            job => $"{ObjectMetadata.Uid(job)} {JobState.IsComplete(job)} {JobState.Failure(job)}",
            job => (job["metadata"]?["ownerReferences"] as JsonArray ?? [])
                .Select(owner => ObjectMetadata.Find(owner, "name")).FirstOrDefault()),
    ];

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        JsonObject? restore = await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken);
        if (restore is null || ObjectMetadata.IsBeingDeleted(restore) || RestoreStatus.HasEnded(restore))
        {
            return null;
        }

        JsonObject? job = await cluster.Client.FindAsync(ClusterKinds.Job, cluster.Namespace, JobOf(restore), cancellationToken);
        if (job is not null)
        {
            await TellAsync(restore, job, cancellationToken);
            return null;
        }

        // 2
        (BackupLocation? location, string? snapshot, string? missing) = await FindAsync(restore, cancellationToken);
        if (missing is not null)
        {
            return await WaitAsync(restore, missing, cancellationToken);
        }

        // 3
        await MakeJobAsync(restore, location!, cancellationToken);
        await _statuses.ChangeAsync(
            Kind,
            restore,
            status =>
            {
                RestoreStatus.SetProgress(status, snapshot!, 0);
                SetReady(status, restore, "Restoring", $"Snapshot {snapshot} is being restored.");
            },
            cancellationToken);
        return null;
    }

    private async Task<(BackupLocation? Location, string? Snapshot, string? Missing)> FindAsync(
        JsonObject restore, CancellationToken cancellationToken)
    {
        string recordName = ObjectMetadata.Find(restore, "spec", "mbrName") ?? "";
        if (await cluster.Client.FindAsync(ClusterKinds.Record, cluster.Namespace, recordName, cancellationToken) is not { } record)
        {
            return (null, null, $"there is no MetadataBackupRecord {recordName}");
        }

        string claim = ObjectMetadata.Find(restore, "spec", "pvcName") ?? "";
        if (await cluster.Client.FindAsync(
            ClusterKinds.PersistentVolumeClaim, cluster.Namespace, claim, cancellationToken) is null)
        {
            return (null, null, $"there is no PersistentVolumeClaim {claim}");
        }

        string locationName = ObjectMetadata.Find(record, "spec", "backuploc") ?? "";
        if (await cluster.Client.FindAsync(
            ClusterKinds.BackupLocation, cluster.Namespace, locationName, cancellationToken) is not { } location)
        {
            return (null, null, $"there is no BackupLocation {locationName}");
        }

        ResourceSet resources = await _resources.BindLocationAsync(location, cancellationToken);
        return resources.Locations.Values.SingleOrDefault() is { } bound
            ? (bound, RecordDocument.SnapshotOf(record), null)
            : (null, null, $"BackupLocation {locationName} cannot be used; its status says why");
    }

    private async Task<TimeSpan?> WaitAsync(JsonObject restore, string missing, CancellationToken cancellationToken)
    {
        bool isOver = DateTimeOffset.TryParse(
            ObjectMetadata.Find(restore, "metadata", "creationTimestamp"),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out DateTimeOffset made) && time.GetUtcNow() - made > MissingMax;
        if (isOver)
        {
            BackupException failure = new(FailureReason.InvalidInput, $"The restore cannot begin: {missing}.")
            {
                Hint = "Delete this MetadataRestore and make one that names what is there; 'kubectl get metadatabackuprecords' shows the records.",
            };
            await FailedAsync(restore, failure, cancellationToken);
            return null;
        }

        await _statuses.ChangeAsync(
            Kind, restore, status => SetReady(status, restore, "Waiting", $"Waiting: {missing}."), cancellationToken);
        return MissingRecheck;
    }

    private async Task MakeJobAsync(JsonObject restore, BackupLocation location, CancellationToken cancellationToken)
    {
        string name = JobOf(restore);
        JsonObject job = WorkloadJob.Job(
            cluster.Namespace,
            name,
            WorkloadJob.Owner(Kind, restore),
            RestorePod.Labels(),
            RestorePod.Template(
                ObjectMetadata.Name(restore), ObjectMetadata.Find(restore, "spec", "pvcName")!, location, image));
        try
        {
            await cluster.Client.CreateAsync(ClusterKinds.Job, cluster.Namespace, job, cancellationToken);
            logger.JobMade(name, ObjectMetadata.Name(restore), "the restore asks for it");
        }
        catch (ApiStatusException e) when (e.IsAlreadyExists)
        {
            // Another controller was faster, and the name is the same for both.
        }
    }

    private async Task TellAsync(JsonObject restore, JsonObject job, CancellationToken cancellationToken)
    {
        string name = ObjectMetadata.Name(job);
        if (JobState.IsComplete(job))
        {
            string snapshot = ObjectMetadata.Find(restore, "status", "snapshotId") ?? "";
            await _statuses.ChangeAsync(
                Kind,
                restore,
                status => RestoreStatus.SetCompleted(status, snapshot, ObjectMetadata.Generation(restore), time.GetUtcNow()),
                cancellationToken);
            await events.RecordOnceAsync(
                Kind, restore, EventType.Normal, "RestoreSucceeded", RestoreStatus.SuccessText(snapshot),
                ObjectMetadata.Uid(job), cancellationToken);
        }
        else if (JobState.Failure(job) is { } failed)
        {
            (_, string? why) = await _pods.FindAsync(name, cancellationToken);
            BackupException failure = PodFailure.Untold(name, why ?? failed.Message);
            await FailedAsync(restore, failure, cancellationToken);
        }
    }

    private async Task FailedAsync(JsonObject restore, BackupException failure, CancellationToken cancellationToken)
    {
        await _statuses.ChangeAsync(
            Kind,
            restore,
            status => RestoreStatus.SetFailed(status, failure, ObjectMetadata.Generation(restore), time.GetUtcNow()),
            cancellationToken);
        await events.RecordOnceAsync(
            Kind, restore, EventType.Warning, "RestoreFailed", failure.Message, ObjectMetadata.Uid(restore), cancellationToken);
    }

    private void SetReady(JsonObject status, JsonObject restore, string reason, string message) => StatusConditions.Set(
        status, StatusConditions.Ready, holds: false, reason, message, ObjectMetadata.Generation(restore), time.GetUtcNow());

    /// <summary>The name of a restore may be longer than a Job's, whose pods are called after it.</summary>
    private static string JobOf(JsonObject restore)
    {
        string name = ObjectMetadata.Name(restore);
        string start = (name.Length <= NameLengthMax ? name : name[..NameLengthMax]).TrimEnd('-', '.').Replace('.', '-');
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ObjectMetadata.Uid(restore))))[..KeyDigits];
        return $"{start}-restore-{key}";
    }
}
