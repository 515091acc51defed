using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using EtcdBackupAgent.Kubernetes.Api.Leases;
using EtcdBackupAgent.Kubernetes.Objects;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Pods;

/// <summary>
/// Lets one process of a cluster write the change log of a policy at a time: the one that holds the Lease
/// <c>POLICY-changelog</c>.
/// </summary>
/// <remarks>
/// A process waits while another holds the Lease, and stops writing when another has acquired it. It does not stop, and
/// starts after <see cref="UnreachableMax"/>, while the API server does not respond: that is when the log is needed
/// most, and two writers of one log are safe (<c>docs/spec/change-log.md</c>, "Writing").
/// </remarks>
/// <param name="cluster">The cluster with the Lease.</param>
/// <param name="identity">The name of this process: the pod's.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Receives who writes, and why the Lease cannot be acquired.</param>
internal sealed partial class LogWriterLease(
    ConnectedCluster cluster, string identity, TimeProvider time, ILogger logger)
{
    /// <summary>How long to wait for the API server before writing without the Lease.</summary>
    public static readonly TimeSpan UnreachableMax = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long to write on without a response of the API server. Then the writer begins anew, without the Lease.
    /// </summary>
    private static readonly TimeSpan RenewDeadline = TimeSpan.FromDays(1);

    /// <summary>The time between two attempts.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Called after each attempt to acquire or renew the Lease, also after one that failed.</summary>
    public Action Attempted { get; init; } = static () => { };

    /// <summary>Writes while this process holds the Lease, and again after each loss, until asked to stop.</summary>
    /// <param name="policy">The policy, in the cluster's namespace.</param>
    /// <param name="write">
    /// Writes the log until its token asks it to stop, and completes then without an exception.
    /// </param>
    /// <param name="stopping">Asks to stop.</param>
    /// <exception cref="BackupException">The one that <paramref name="write"/> throws.</exception>
    public async Task RunAsync(string policy, Func<CancellationToken, Task> write, CancellationToken stopping)
    {
        ResourceName name = new(cluster.Namespace, policy);
        string? reported = null;
        LeaseOptions options = new()
        {
            Namespace = cluster.Namespace,
            Name = ClusterNames.ChangeLogOf(policy),
            Identity = identity,
            RenewDeadline = RenewDeadline,
            RetryPeriod = RetryPeriod,
            UnreachableMax = UnreachableMax,
        };
        LeaderLease lease = new(cluster.Client, options, time)
        {
            HolderObserved = Attempted,
            OtherObserved = ReportOther,
        };
        try
        {
            await lease.RunAsync(WriteAsync, ReportFailure, stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // It was asked to stop, which is not a failure.
        }

        async Task WriteAsync(CancellationToken cancellationToken)
        {
            LogWriting(name);
            reported = null;
            await write(cancellationToken);
            if (!stopping.IsCancellationRequested)
            {
                LogLost(name);
            }
        }

        // Only what is new is logged: an attempt follows every few seconds.
        void ReportOther(string holder) => Report(
            $"held by {holder}", () => LogOther(holder, name, options.Name));

        void ReportFailure(BackupException failure)
        {
            Attempted();
            Report(
                failure.Message,
                () => LogFailed(name, failure.Reason, failure.Message, UnreachableMax.TotalSeconds));
        }

        void Report(string what, Action log)
        {
            if (reported != what)
            {
                log();
            }

            reported = what;
        }
    }

    [LoggerMessage(121, LogLevel.Information, "This process writes the change log of policy {Policy}.")]
    private partial void LogWriting(ResourceName policy);

    [LoggerMessage(
        122,
        LogLevel.Warning,
        "Another process writes the change log of policy {Policy} now. This one has stopped, and waits.")]
    private partial void LogLost(ResourceName policy);

    [LoggerMessage(
        123,
        LogLevel.Information,
        "{Holder} holds the lease {Lease} and writes the change log of policy {Policy}. This process waits.")]
    private partial void LogOther(string holder, ResourceName policy, string lease);

    [LoggerMessage(
        124,
        LogLevel.Warning,
        "The lease of the change log of policy {Policy} cannot be acquired or renewed ({Reason}): {Fact} Without a "
        + "response of the API server for {Seconds:0} s, the log is written without it.")]
    private partial void LogFailed(ResourceName policy, FailureReason reason, string fact, double seconds);
}
