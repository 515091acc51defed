using System.Threading.Channels;
using EtcdBackupAgent.Core.Policies;
using EtcdBackupAgent.Kubernetes.Api;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Upgrades;

/// <summary>The watches of all policies that make a backup before an upgrade. There is one for each, because each
/// watches one object only: the right to watch it need not be that to watch all of its kind.</summary>
internal sealed class UpgradeWatches(ConnectedCluster cluster, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, UpgradeWatch> _watches = new(StringComparer.Ordinal);
    private readonly Channel<UpgradeWatch> _started = Channel.CreateUnbounded<UpgradeWatch>();

    /// <summary>Returns the watch of a policy. Starts one if the policy has none of this field yet, and stops one that
    /// it has no more.</summary>
    /// <param name="policy">The name of the policy.</param>
    /// <param name="uid">The uid of the policy.</param>
    /// <param name="field">The field; null if the policy watches none, or does not exist.</param>
    public UpgradeWatch? Follow(string policy, string uid, WatchedField? field)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(policy, out UpgradeWatch? known))
            {
                if (known.Field == field && known.Uid == uid)
                {
                    return known;
                }

                known.Stop();
                _watches.Remove(policy);
            }

            if (field is null)
            {
                return null;
            }

            UpgradeWatch watch = new(cluster, policy, uid, field, time, logger);
            _watches[policy] = watch;
            _started.Writer.TryWrite(watch);
            return watch;
        }
    }

    /// <summary>Runs the watches until it is cancelled. Then they are gone: what they have seen is out of date when
    /// another run begins.</summary>
    /// <param name="reconcile">Called with the name of a policy whose watch has something new.</param>
    /// <param name="cancellationToken">Ends all watches.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(Action<string> reconcile, CancellationToken cancellationToken)
    {
        List<Task> running = [];
        try
        {
            await foreach (UpgradeWatch watch in _started.Reader.ReadAllAsync(cancellationToken))
            {
                // One of an earlier run, or one that was stopped before it began, is not followed any more.
                if (IsFollowed(watch))
                {
                    running.RemoveAll(task => task.IsCompletedSuccessfully);
                    running.Add(RunAsync(watch, reconcile, cancellationToken));
                }
            }
        }
        finally
        {
            lock (_gate)
            {
                _watches.Clear();
            }

            await Task.WhenAll(running);
        }
    }

    private bool IsFollowed(UpgradeWatch watch)
    {
        lock (_gate)
        {
            return _watches.GetValueOrDefault(watch.Policy) == watch;
        }
    }

    private static async Task RunAsync(
        UpgradeWatch watch, Action<string> reconcile, CancellationToken cancellationToken)
    {
        using (watch)
        {
            await watch.RunAsync(() => reconcile(watch.Policy), cancellationToken);
        }
    }
}
