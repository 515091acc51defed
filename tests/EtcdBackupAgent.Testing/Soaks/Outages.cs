using EtcdBackupAgent.Testing.Etcd;
using EtcdBackupAgent.Testing.Storage;

namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>Kills etcd and the S3 server at seeded random moments, one at a time, and starts them again.</summary>
internal sealed class Outages(EtcdServer etcd, RgwServer s3, int seed)
{
    /// <summary>A run that an outage hit may fail until this long after it, when its last attempt has failed.</summary>
    private static readonly TimeSpan AftermathMax = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly List<(DateTimeOffset From, DateTimeOffset To)> _past = [];
    private DateTimeOffset? _since;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _past.Count;
            }
        }
    }

    /// <summary>Returns whether an outage explains a failure at this moment.</summary>
    public bool Explain(DateTimeOffset moment)
    {
        lock (_gate)
        {
            return _since <= moment
                || _past.Exists(outage => outage.From <= moment && moment <= outage.To + AftermathMax);
        }
    }

    /// <summary>Causes outages until the token is cancelled. Both servers run when this method returns.</summary>
    /// <param name="betweenMax">The longest time between two outages; the shortest is a third of it.</param>
    /// <param name="awayMax">The longest time that a server is down, without its start.</param>
    /// <param name="cancellationToken">Stops the outages. No exception is thrown.</param>
    public async Task RunAsync(TimeSpan betweenMax, TimeSpan awayMax, CancellationToken cancellationToken)
    {
        Random random = new(seed);
        while (!cancellationToken.IsCancellationRequested)
        {
            TimeSpan between = betweenMax * ((1 + (2 * random.NextDouble())) / 3);
            TimeSpan away = awayMax * random.NextDouble();
            bool ofEtcd = random.Next(2) == 0;
            Task pause = Task.Delay(between, TimeProvider.System, cancellationToken);
            await pause.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (pause.IsCanceled)
            {
                return;
            }

            lock (_gate)
            {
                _since = TimeProvider.System.GetUtcNow();
            }

            await (ofEtcd ? etcd.KillAsync() : s3.KillAsync());
            await Task.Delay(away, TimeProvider.System, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await (ofEtcd ? etcd.RestartAsync(cancellationToken: CancellationToken.None) : s3.RestartAsync());
            lock (_gate)
            {
                _past.Add((_since.GetValueOrDefault(), TimeProvider.System.GetUtcNow()));
                _since = null;
            }
        }
    }
}
