using EtcdBackupAgent.Composition;
using EtcdBackupAgent.Configuration;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Keys;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Objects;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;
using EtcdBackupAgent.Runtime;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Pods;

/// <summary>One backup of a policy that lives in a cluster: what the pod of a backup does.</summary>
/// <remarks>
/// 1. Read the policy and its location (<see cref="ClusterDocuments"/>).
/// 2. If they are not right, say so in the policy's status, and end.
/// 3. Open the repository, and compare it with the location's pin.
/// 4. Back up, verify, prune; and publish all of that (<see cref="Publisher"/>).
/// </remarks>
internal sealed class ClusterBackup(ConnectedCluster cluster, ILoggerFactory loggers)
{
    /// <summary>Where the pod's Secret for etcd is mounted: Secrets come from the pod then, and the API is not asked for
    /// any. Null to read them by the API.</summary>
    public string? EtcdCredentialsDirectory { get; init; }

    /// <summary>Where to put what a slow repository has not taken yet.</summary>
    public required ScratchSpace Scratch { get; init; }

    /// <summary>What became of it, and where the repository is.</summary>
    /// <param name="policyName">The policy, in the cluster's namespace.</param>
    /// <param name="progress">Told how the transfer goes.</param>
    /// <param name="warn">Told what is worth knowing and does not end it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BackupException">There is no backup.</exception>
    public async Task<(BackupOutcome Outcome, string Address)> ExecuteAsync(
        string policyName, IProgress<TransferProgress> progress, Action<string> warn, CancellationToken cancellationToken)
    {
        // 1
        BoundPolicy bound = await new ClusterDocuments(cluster, Secrets(), Environment.GetEnvironmentVariable)
            .FindAsync(policyName, warn, cancellationToken);
        foreach (ResourceProblem problem in bound.Resources.Problems.Where(p => p.Severity == ProblemSeverity.Warning))
        {
            warn($"{problem}");
        }

        Publisher publisher = new(cluster.Client, PodIdentity.Name(), Wiring.Time)
        {
            Limits = bound.IsGiven ? PublisherLimits.AfterSilence : new PublisherLimits(),
        };

        // 2
        if (bound.Policy is not { } policy || bound.Location is not { } location)
        {
            BackupException wrong = bound.Invalid();
            PublishedRun run = new(bound.Name, Location: "", ObjectMetadata.Uid(bound.Document));
            await publisher.FailedAsync(run, wrong, Unpublished);
            throw wrong;
        }

        // 3, 4
        using IObjectStore store = Wiring.Store(location, bound.Resources, loggers);
        BackupOutcome outcome = await publisher.RunAsync(
            PublishedRun.Of(policy),
            token => BackUpAsync(store, policy, location, bound, progress, token),
            Unpublished,
            cancellationToken);
        return (outcome, store.Address);

        void Unpublished(BackupException failure) =>
            warn($"{failure.Message} The next backup, or the controller, catches up.");
    }

    private async Task<BackupOutcome> BackUpAsync(
        IObjectStore store,
        BackupPolicy policy,
        BackupLocation location,
        BoundPolicy bound,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        BackupRepository repository = await BackupRepository.OpenAsync(store, cancellationToken);
        await new ProtectionCheck(Pins(bound), Wiring.Time).RequireAsync(repository, location, cancellationToken);
        BackupPlan plan = BackupPlan.Of(policy, bound.Resources);
        return await Wiring
            .BackupRun(
                repository, plan, token => Wiring.OpenKeysAsync(repository, location, bound.Resources, token), Scratch, loggers)
            .ExecuteAsync(
                plan.Request(Reason()), progress, cancellationToken);
    }

    private ISecretSource Secrets() => EtcdCredentialsDirectory is { } directory
        ? new PodSecrets(Environment.GetEnvironmentVariable, directory)
        : new ApiSecrets(cluster.Client);

    /// <summary>A pod compares with what it has read; somebody who may read Secrets pins as the controller does.</summary>
    private IRecipientPins Pins(BoundPolicy bound) => EtcdCredentialsDirectory is null
        ? new LocationStatusPins(cluster.Client)
        : new DocumentPins(bound.LocationDocument!);

    /// <summary>Somebody who types the command has no schedule.</summary>
    private static BackupReason Reason() =>
        Environment.GetEnvironmentVariable(BackupPod.ReasonVariable) == BackupPod.Scheduled ? BackupReason.Schedule : BackupReason.OnDemand;
}
