using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// When each location was compared with its repository last, and when it is due again. What is known is known of one
/// object: another one of the same name, or another specification, is due at once. It goes by the monotonic clock: a
/// wall clock that is set back would put a comparison off for as long.
/// </summary>
internal sealed class LocationSyncs(ControllerOptions options, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, State> _byName = new(StringComparer.Ordinal);

    /// <summary>Notes that a record of a location appeared or went.</summary>
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

    /// <summary>How long until a location is due; not above zero if it is.</summary>
    public TimeSpan UntilDue(LocationObject location)
    {
        lock (_lock)
        {
            if (Find(location) is not { At: { } last } state)
            {
                return TimeSpan.Zero;
            }

            bool isBehind = state.Changes != state.ChangesSeen && options.FollowIntervalMin < options.SyncPeriod;
            return (isBehind ? options.FollowIntervalMin : options.SyncPeriod) - time.GetElapsedTime(last);
        }
    }

    /// <summary>Notes that a comparison begins: what changes from here on is for the next one.</summary>
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

    /// <summary>Notes that a comparison is done; one that failed is due as before.</summary>
    public void Done(LocationObject location, SyncRound round)
    {
        lock (_lock)
        {
            if (Find(location) is { } state)
            {
                (state.At, state.ChangesSeen) = (round.Begun, round.Changes);
            }
        }
    }

    public void Forget(string name)
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

        /// <summary>Records that appeared or went so far, and how many of them the last comparison knew.</summary>
        public int Changes { get; set; }

        public int ChangesSeen { get; set; }
    }
}

/// <summary>One comparison of a location with its repository.</summary>
/// <param name="Begun">When it began, by <see cref="TimeProvider.GetTimestamp"/>.</param>
/// <param name="Changes">How many changes of records it knows of.</param>
internal readonly record struct SyncRound(long Begun, int Changes);
