using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// Stores when each location was last compared with its repository, and when it is due again. An entry belongs to one
/// object: another object of the same name, or another specification, is due at once. The monotonic clock is used: a
/// wall clock that is set back would delay a comparison by as much.
/// </summary>
internal sealed class LocationSyncs(ControllerOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, State> _byName = new(StringComparer.Ordinal);

    /// <summary>Notes that a record of a location appeared or was removed.</summary>
    public void RecordsChanged(string name)
    {
        lock (_lock)
        {
            if (_byName.TryGetValue(name, out State? state))
            {
                state.Changes++;
            }
        }
    }

    /// <summary>How long until a location is due; zero or negative if it is due.</summary>
    public TimeSpan UntilDue(LocationObject location)
    {
        lock (_lock)
        {
            if (Find(location) is not { At: { } last } state)
            {
                return TimeSpan.Zero;
            }

            bool isBehind = state.Changes != state.ChangesSeen && options.SyncIntervalMin < options.SyncPeriod;
            return (isBehind ? options.SyncIntervalMin : options.SyncPeriod) - time.GetElapsedTime(last);
        }
    }

    /// <summary>Notes that a comparison begins: later changes belong to the next one.</summary>
    public SyncRound Begin(LocationObject location)
    {
        lock (_lock)
        {
            if (Find(location) is not { } state)
            {
                state = new State(VersionOf(location));
                _byName[location.Name] = state;
            }

            return new SyncRound(time.GetTimestamp(), state.Changes);
        }
    }

    /// <summary>Notes that a comparison is done. After a failed comparison, the location stays due.</summary>
    public void Complete(LocationObject location, SyncRound round)
    {
        lock (_lock)
        {
            if (Find(location) is { } state)
            {
                (state.At, state.ChangesSeen) = (round.StartedAt, round.Changes);
            }
        }
    }

    public void Remove(string name)
    {
        lock (_lock)
        {
            _byName.Remove(name);
        }
    }

    private State? Find(LocationObject location) =>
        _byName.TryGetValue(location.Name, out State? state) && state.Version == VersionOf(location)
            ? state
            : null;

    private static string VersionOf(LocationObject location) =>
        $"{location.Uid} {location.Generation}";

    private sealed class State(string version)
    {
        public string Version => version;

        /// <summary>When the last comparison began; null if there was none.</summary>
        public long? At { get; set; }

        /// <summary>The number of changes so far: records that appeared or were removed. <see cref="ChangesSeen"/> is
        /// the number that the last comparison covered.</summary>
        public int Changes { get; set; }

        public int ChangesSeen { get; set; }
    }
}

/// <summary>One comparison of a location with its repository.</summary>
/// <param name="StartedAt">When it began, as a value of <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="Changes">How many changes of records it covers.</param>
internal readonly record struct SyncRound(long StartedAt, int Changes);
