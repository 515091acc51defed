using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Publishing;
using EtcdBackupAgent.Kubernetes.Reading;
using EtcdBackupAgent.Kubernetes.Workloads;
using EtcdBackupAgent.Worker;

namespace EtcdBackupAgent.Pods;

/// <summary>Makes one backup of a policy in a cluster. The pod of a backup runs this.</summary>
/// <remarks>
/// 1. Read the policy and its location (<see cref="PodPolicy"/>).
/// 2. If they are not valid, publish this in the policy's status, and fail.
/// 3. Back up, verify and prune (<see cref="PolicyBackup"/>), and publish each of these (<see cref="Publisher"/>).
/// </remarks>
internal sealed class ClusterBackup(ConnectedCluster cluster, PolicyBackupParts parts)
{
    /// <summary>
    /// The directory where the pod's Secret for etcd is mounted. All Secrets then come from the pod, and none is read
    /// from the API. Null to read them from the API.
    /// </summary>
    public string? EtcdCredentialsDirectory { get; init; }

    /// <param name="policyName">The policy, in the cluster's namespace.</param>
    /// <param name="occasion">Why the backup is made; what the creator of the pod knows is added.</param>
    /// <param name="progress">Receives the progress of the transfer.</param>
    /// <param name="warn">Receives warnings, which do not end the backup.</param>
    /// <param name="cancellationToken">A cancelled backup leaves nothing in the repository.</param>
    /// <exception cref="BackupException">No backup was made; the message gives the reason.</exception>
    public async Task<BackupOutcome> ExecuteAsync(
        string policyName,
        BackupOccasion occasion,
        IProgress<TransferProgress> progress,
        Action<string> warn,
        CancellationToken cancellationToken)
    {
        // 1
        PodPolicy read = await PodPolicy.ReadAsync(
            cluster, policyName, EtcdCredentialsDirectory, warn, parts.Time, cancellationToken);
        BoundPolicy bound = read.Bound;

        // 2
        if (bound.Policy is not { } policy || bound.Location is null)
        {
            BackupException invalid = bound.Invalid();
            PublishedRun run = new(bound.Name, Location: "", bound.Document.Uid);
            await read.Publisher.FailedAsync(run, invalid, WarnNotPublished);
            throw invalid;
        }

        // 3
        PolicyBackup backup = new(parts, read.Pins);
        return await read.Publisher.RunAsync(
            PublishedRun.Of(policy),
            token => backup.ExecuteAsync(policy, bound.Resources, Complete(occasion), log: null, progress, token),
            WarnNotPublished,
            cancellationToken);

        void WarnNotPublished(BackupException failure) =>
            warn($"{failure.Message} The next backup or the controller publishes it later.");
    }

    /// <summary>
    /// Adds what only the creator of the pod knows. Only that of a schedule sets the variable of the reason; a backup
    /// from a command line is on demand.
    /// </summary>
    private static BackupOccasion Complete(BackupOccasion occasion) => occasion with
    {
        Reason = Environment.GetEnvironmentVariable(BackupPod.ReasonVariable) == BackupPod.Scheduled
            ? BackupReason.Schedule
            : occasion.Reason,
        Note = occasion.Note ?? Environment.GetEnvironmentVariable(BackupPod.NoteVariable),
    };
}
