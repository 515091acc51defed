using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Workloads;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Creates the Job of a restore, once, and reports what its pod cannot report itself.</summary>
/// <remarks>
/// 1. Read the restore. A restore that has ended never starts again.
/// 2. If it has a Job: report that the Job has ended, unless the pod has done so, or that the pod does not start.
/// 3. Find the objects that it names: the record or the policy, its location, the claim. Wait for a while for those
///    that do not exist yet.
/// 4. Create the Job.
/// </remarks>
internal sealed class RestoreReconciler(
    ConnectedCluster cluster,
    PodImage image,
    EventRecorder events,
    ControllerOptions options,
    TimeProvider time,
    ILogger logger)
    : IReconciler
{
    /// <summary>How long an object that a restore names may be missing: after a disaster, the first sync creates the
    /// records.</summary>
    public static readonly TimeSpan MissingMax = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan MissingRecheck = TimeSpan.FromSeconds(5);
    private const int NameLengthMax = 40;
    private const int KeyDigits = 8;

    private readonly RestoreSources _sources = new(cluster);
    private readonly StatusWriter _statuses = new(cluster.Client);
    private readonly RestoreJobReports _reports = new(cluster, events, options, time, logger);

    public ResourceKind Kind => ClusterKinds.Restore;

    /// <summary>A change of the progress causes no reconciliation.</summary>
    public string? Fingerprint(JsonObject item) =>
        $"{ObjectMetadata.Uid(item)} {ObjectMetadata.Generation(item)} {new RestoreObject(item).Status.HasEnded}";

    public IReadOnlyList<RelatedKind> Related =>
    [
        new(
            ClusterKinds.Job,
            new ResourceSelection(Labels: $"{ClusterNames.TypeLabel}=restore"),
            item => JobState.Fingerprint(new JobObject(item)),
            job => ObjectMetadata.Owners(job).FirstOrDefault().Name),
    ];

    public async Task<TimeSpan?> ReconcileAsync(string name, CancellationToken cancellationToken)
    {
        // 1
        RestoreObject? restore = RestoreObject.Of(
            await cluster.Client.FindAsync(Kind, cluster.Namespace, name, cancellationToken));
        if (restore is null || restore.IsBeingDeleted || restore.Status.HasEnded)
        {
            return null;
        }

        // 2
        JobObject? job = JobObject.Of(await cluster.Client.FindAsync(
            ClusterKinds.Job, cluster.Namespace, JobName(restore), cancellationToken));
        if (job is not null)
        {
            return await _reports.ReportAsync(restore, job, cancellationToken);
        }

        // 3
        (RestoreSource? source, string? missing) = await _sources.FindAsync(restore, cancellationToken);
        if (source is null)
        {
            return await WaitAsync(restore, missing!, cancellationToken);
        }

        // 4
        await CreateJobAsync(restore, source, cancellationToken);
        await _statuses.ChangeAsync(
            restore,
            status =>
            {
                status.SetProgress(source.Snapshot, 0);
                status.SetRestoring(restore.Describe(source.Snapshot), restore.Generation, time.GetUtcNow());
            },
            cancellationToken);
        // The pod starts within this time, or the next reconciliation reports why not.
        return options.StartGracePeriod;
    }

    private async Task<TimeSpan?> WaitAsync(
        RestoreObject restore, string missing, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() - restore.CreatedAt > MissingMax)
        {
            BackupException failure = new(FailureReason.InvalidInput, $"The restore cannot start: {missing}.")
            {
                Hint = "Delete this MetadataRestore and create one that names existing objects; "
                    + "'kubectl get metadatabackuprecords' shows the records.",
            };
            await _reports.FailAsync(restore, failure, cancellationToken);
            return null;
        }

        await SetWaitingAsync(restore, "Waiting", $"Waiting: {missing}.", cancellationToken);
        return MissingRecheck;
    }

    private Task<RestoreObject> SetWaitingAsync(
        RestoreObject restore, string reason, string message, CancellationToken cancellationToken) =>
        _statuses.ChangeAsync(
            restore,
            status => status.SetWaiting(reason, message, restore.Generation, time.GetUtcNow()),
            cancellationToken);

    private async Task CreateJobAsync(RestoreObject restore, RestoreSource source, CancellationToken cancellationToken)
    {
        string name = JobName(restore);
        JsonObject job = WorkloadJob.Job(
            cluster.Namespace,
            name,
            WorkloadJob.Owner(Kind, restore),
            RestorePod.Labels(),
            RestorePod.Template(restore, source.Location, source.NodeLabel, image));
        try
        {
            await cluster.Client.CreateAsync(ClusterKinds.Job, cluster.Namespace, job, cancellationToken);
            logger.JobMade(name, restore.Name, "the restore requires it");
        }
        catch (ApiStatusException e) when (e.IsAlreadyExists)
        {
            // Another controller created it first, and both use the same name.
        }
        catch (ApiStatusException e) when (e.IsRefusal)
        {
            string message = $"The API server refuses the Job of the restore: {e.Message.TrimEnd('.')}.";
            await SetWaitingAsync(restore, "Refused", message, cancellationToken);
            if (e.IsInvalid)
            {
                throw new TerminalFailure(e);
            }

            throw;
        }
    }

    /// <summary>The name of a restore may be longer than that of a Job, from which the names of the Job's pods are
    /// derived.</summary>
    private static string JobName(RestoreObject restore)
    {
        string name = restore.Name;
        string start = (name.Length <= NameLengthMax ? name : name[..NameLengthMax])
            .TrimEnd('-', '.')
            .Replace('.', '-');
        string key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(restore.Uid)))[..KeyDigits];
        return $"{start}-restore-{key}";
    }
}
