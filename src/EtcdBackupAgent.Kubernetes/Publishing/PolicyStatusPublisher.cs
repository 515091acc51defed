using System.Text.Json.Nodes;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Publishing;

/// <summary>Writes the results of runs into the status of a policy in the cluster
/// (<see cref="PolicyStatus"/>).</summary>
/// <param name="client">The cluster.</param>
/// <param name="pod">The pod or machine that makes the backups.</param>
/// <param name="time">The clock.</param>
internal sealed class PolicyStatusPublisher(KubernetesClient client, string pod, TimeProvider time)
{
    private readonly StatusWriter _statuses = new(client);

    public Task BegunAsync(PublishedRun run, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return ChangeAsync(
            run, (status, generation) => status.SetBegun(pod, generation, now), cancellationToken);
    }

    public Task FailedAsync(
        PublishedRun run, BackupException failure, DateTimeOffset at, CancellationToken cancellationToken) =>
        ChangeAsync(
            run,
            (status, generation) => status.SetFailed(failure, pod, generation, at, time.GetUtcNow()),
            cancellationToken);

    public Task SucceededAsync(
        PublishedRun run,
        SnapshotManifest manifest,
        VerificationRecord? verification,
        CancellationToken cancellationToken) =>
        ChangeAsync(
            run,
            (status, generation) =>
            {
                DateTimeOffset now = time.GetUtcNow();
                status.SetSucceeded(manifest, pod, generation, now);
                status.SetVerified(verification, now);
            },
            cancellationToken);

    private async Task ChangeAsync(
        PublishedRun run, Action<PolicyStatus, long> change, CancellationToken cancellationToken)
    {
        // A deleted policy has no status, and another policy of the same name has a status of its own.
        ResourceName policy = run.Policy;
        JsonObject? existing = await client.FindAsync(
            ClusterKinds.Policy, policy.Namespace, policy.Name, cancellationToken);
        if (PolicyObject.Of(existing) is { } item && run.IsOf(item))
        {
            await _statuses.ChangeAsync(
                item,
                status =>
                {
                    status.SetStartedBy(pod, item.Generation, time.GetUtcNow());
                    change(status, item.Generation);
                },
                cancellationToken);
        }
    }
}
