using EtcdBackupAgent.Core.Archiving;
using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Runtime;
using EtcdBackupAgent.Worker;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Pods;

/// <summary>Writes the change log of a policy in a cluster until it is asked to stop. A pod runs this.</summary>
/// <remarks>
/// 1. Read the policy and its location (<see cref="PodPolicy"/>). They stay in use until the end: when they change, the
///    pod must be started again.
/// 2. Wait until no other process of the cluster writes the log (<see cref="LogWriterLease"/>).
/// 3. Write the log (<see cref="PolicyArchive"/>). Each snapshot that it needs is made and published as a backup of the
///    policy (<see cref="PolicyBackup"/>, <see cref="Publisher"/>).
/// </remarks>
/// <param name="cluster">The cluster with the policy.</param>
/// <param name="parts">The adapters.</param>
/// <param name="monitor">Receives what happens to the log, and that this process waits.</param>
/// <param name="logger">The log of the agent.</param>
internal sealed class ClusterArchive(
    ConnectedCluster cluster, PolicyBackupParts parts, IArchiveMonitor monitor, ILogger logger)
{
    /// <summary>
    /// The directory where the pod's Secret for etcd is mounted. All Secrets then come from the pod, and none is read
    /// from the API. Null to read them from the API.
    /// </summary>
    public string? EtcdCredentialsDirectory { get; init; }

    /// <param name="policyName">The policy, in the cluster's namespace.</param>
    /// <param name="warn">Receives warnings, which do not end the log.</param>
    /// <param name="stopping">Asks to stop. What was read is stored then.</param>
    /// <exception cref="BackupException">The log cannot be written; the message gives the reason.</exception>
    public async Task ExecuteAsync(string policyName, Action<string> warn, CancellationToken stopping)
    {
        // 1
        PodPolicy read = await PodPolicy.ReadAsync(
            cluster, policyName, EtcdCredentialsDirectory, warn, parts.Time, stopping);
        BoundPolicy bound = read.Bound;
        if (bound.Policy is not { } policy || bound.Location is null)
        {
            throw bound.Invalid();
        }

        // 2
        PolicyBackup backup = new(parts, read.Pins);
        PolicyChangeLog log = PolicyArchive.LogOf(policy);
        LogWriterLease lease = new(cluster, PodIdentity.Name(), parts.Time, logger) { Attempted = monitor.Waiting };
        await lease.RunAsync(policyName, WriteAsync, stopping);

        async Task WriteAsync(CancellationToken untilLost)
        {
            // 3
            IArchiveObserver observer = monitor.Started(policy.Name, log);
            try
            {
                await new PolicyArchive(parts, read.Pins).ExecuteAsync(
                    policy, bound.Resources, MakeSnapshotAsync, observer, untilLost);
            }
            finally
            {
                monitor.Stopped(policy.Name);
            }
        }

        Task<BackupOutcome> MakeSnapshotAsync(SnapshotLog log, CancellationToken cancellationToken) =>
            read.Publisher.RunAsync(
                PublishedRun.Of(policy),
                token => backup.ExecuteAsync(
                    policy, bound.Resources, BackupOccasion.Scheduled, log, new Progress<TransferProgress>(), token),
                failure => warn($"{failure.Message} The next backup or the controller publishes it later."),
                cancellationToken);
    }
}
