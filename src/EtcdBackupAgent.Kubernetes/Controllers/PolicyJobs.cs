using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>The Jobs of a policy: those of its CronJob, and those for one backup.</summary>
internal sealed class PolicyJobs(ConnectedCluster cluster)
{
    /// <summary>Hexadecimal digits that stand for what was asked for in the name of a Job: who asks twice gets one.</summary>
    private const int KeyDigits = 8;

    /// <summary>The Jobs of this very policy: none that is older, and so was made for another policy of its
    /// name.</summary>
    public async Task<IReadOnlyList<JobObject>> ListOwnAsync(PolicyObject policy, CancellationToken cancellationToken)
    {
        ResourceList jobs = await cluster.Client.ListAsync(
            ClusterKinds.Job,
            cluster.Namespace,
            new ResourceSelection(Labels: $"{ClusterNames.PolicyLabel}={policy.Name}"),
            cancellationToken);
        return
        [
            .. jobs.Items.Select(item => new JobObject(item)).Where(job => JobState.Created(job) >= policy.CreatedAt),
        ];
    }

    /// <summary>Makes a Job for one backup of the policy, once for each key, whoever asks and however often.</summary>
    /// <returns>Its name; null if it was there already.</returns>
    public async Task<string?> BackUpOnceAsync(
        BoundPolicy bound, string key, PodImage image, CancellationToken cancellationToken)
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
                    BackupPod.Template(bound, image, isScheduled: false)),
                cancellationToken);
            return name;
        }
        catch (ApiStatusException e) when (e.IsAlreadyExists)
        {
            // Another controller was faster.
            return null;
        }
    }

    /// <summary>Removes the CronJob of a policy, if there is one. Jobs go with their owner, the CronJob or the policy:
    /// the cluster's garbage collector removes them.</summary>
    public async Task RemoveCronJobAsync(string policy, CancellationToken cancellationToken)
    {
        string name = ClusterNames.CronJobOf(policy);
        JsonObject? there = await cluster.Client.FindAsync(
            ClusterKinds.CronJob, cluster.Namespace, name, cancellationToken);
        if (CronJobObject.Of(there) is { IsOwnedByPolicy: true })
        {
            await RemoveAsync(ClusterKinds.CronJob, name, cancellationToken);
        }
    }

    /// <summary>As they began. A CronJob's are called after the time that they were due at, which tells those of one second apart.</summary>
    internal static JobObject[] InOrder(IEnumerable<JobObject> jobs) =>
        [.. jobs.OrderBy(JobState.Started).ThenBy(job => job.Name, StringComparer.Ordinal)];

    /// <summary>The name of the Job for one backup: <c>POLICY-backup-1f2e3d4c</c>.</summary>
    internal static string NameOf(PolicyObject policy, string key)
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{policy.Uid}\0{key}"));
        return $"{policy.Name}-backup-{Convert.ToHexStringLower(digest)[..KeyDigits]}";
    }

    private async Task RemoveAsync(ResourceKind kind, string name, CancellationToken cancellationToken)
    {
        try
        {
            await cluster.Client.DeleteAsync(
                kind, cluster.Namespace, name, new DeletePrecondition(IsInBackground: true), cancellationToken);
        }
        catch (ApiStatusException e) when (e.IsNotFound)
        {
            // It is gone.
        }
    }
}
