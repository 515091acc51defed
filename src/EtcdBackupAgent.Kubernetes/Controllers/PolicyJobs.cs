using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// The Jobs of a policy, those of its CronJob and those for one backup, and the Deployment of its change log.
/// </summary>
internal sealed class PolicyJobs(ConnectedCluster cluster)
{
    /// <summary>The number of hexadecimal digits in the name of a Job that identify the request: two equal requests
    /// give one Job.</summary>
    private const int KeyDigits = 8;

    /// <summary>Returns the Jobs of exactly this policy. An older Job was created for another policy of the same name
    /// and is left out.</summary>
    public async Task<IReadOnlyList<JobObject>> ListOwnAsync(PolicyObject policy, CancellationToken cancellationToken)
    {
        ResourceList jobs = await cluster.Client.ListAsync(
            ClusterKinds.Job,
            cluster.Namespace,
            new ResourceSelection(Labels: $"{ClusterNames.PolicyLabel}={policy.Name}"),
            cancellationToken);
        return
        [
            .. jobs.Items
                .Select(item => new JobObject(item))
                .Where(job => JobState.CreationTime(job) >= policy.CreatedAt),
        ];
    }

    /// <summary>Creates a Job for one backup of the policy: only one for each key, however often and from wherever it
    /// is called.</summary>
    /// <param name="bound">The policy.</param>
    /// <param name="key">Distinguishes the backup from all others of the policy.</param>
    /// <param name="occasion">Why it is made, and what its snapshot is marked with.</param>
    /// <param name="image">The image to run.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>The Job's name; null if the Job existed already.</returns>
    public async Task<string?> BackUpOnceAsync(
        BoundPolicy bound,
        string key,
        BackupOccasion occasion,
        PodImage image,
        CancellationToken cancellationToken)
    {
        string name = NameOf(bound.Document, key);
        if (await cluster.Client.FindAsync(ClusterKinds.Job, cluster.Namespace, name, cancellationToken) is not null)
        {
            return null;
        }

        try
        {
            await cluster.Client.CreateAsync(
                ClusterKinds.Job,
                cluster.Namespace,
                WorkloadJob.Job(
                    cluster.Namespace,
                    name,
                    WorkloadJob.Owner(ClusterKinds.Policy, bound.Document),
                    BackupPod.Labels(bound.Name.Name),
                    BackupPod.Template(bound, image, isScheduled: false, occasion)),
                cancellationToken);
            return name;
        }
        catch (ApiStatusException e) when (e.IsAlreadyExists)
        {
            // Another controller created it first.
            return null;
        }
    }

    /// <summary>Removes what the agent keeps for a policy.</summary>
    public async Task RemoveAllAsync(string policy, CancellationToken cancellationToken)
    {
        await RemoveCronJobAsync(policy, cancellationToken);
        await RemoveChangeLogAsync(policy, cancellationToken);
    }

    /// <summary>
    /// Removes the CronJob of a policy, if there is one. The cluster's garbage collector removes Jobs together with
    /// their owner, the CronJob or the policy.
    /// </summary>
    public Task RemoveCronJobAsync(string policy, CancellationToken cancellationToken) => RemoveAsync(
        ClusterKinds.CronJob, ClusterNames.CronJobOf(policy), json => new CronJobObject(json), cancellationToken);

    /// <summary>Removes the Deployment that writes the change log of a policy, if there is one.</summary>
    public Task RemoveChangeLogAsync(string policy, CancellationToken cancellationToken) => RemoveAsync(
        ClusterKinds.Deployment,
        ClusterNames.ChangeLogOf(policy),
        json => new DeploymentObject(json),
        cancellationToken);

    /// <summary>Orders Jobs by their start. The name of a CronJob's Job contains the time at which it was due, which
    /// orders Jobs that started in the same second.</summary>
    internal static JobObject[] InOrder(IEnumerable<JobObject> jobs) =>
        [.. jobs.OrderBy(JobState.StartTime).ThenBy(job => job.Name, StringComparer.Ordinal)];

    /// <summary>The name of the Job for one backup: <c>POLICY-backup-1f2e3d4c</c>.</summary>
    internal static string NameOf(PolicyObject policy, string key)
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{policy.Uid}\0{key}"));
        return $"{policy.Name}-backup-{Convert.ToHexStringLower(digest)[..KeyDigits]}";
    }

    private async Task RemoveAsync(
        ResourceKind kind, string name, Func<JsonObject, WorkloadObject> view, CancellationToken cancellationToken)
    {
        JsonObject? existing = await cluster.Client.FindAsync(kind, cluster.Namespace, name, cancellationToken);
        if (existing is null || !view(existing).IsOwnedByPolicy)
        {
            return;
        }

        try
        {
            await cluster.Client.DeleteAsync(
                kind, cluster.Namespace, name, new DeletePrecondition(IsInBackground: true), cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            // It was removed meanwhile.
        }
    }
}
