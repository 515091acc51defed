using System.Threading.Channels;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// The names of objects that are to be reconciled. A name is in the queue once, however often it is added, and no two
/// workers have the same name at the same time: if it is added meanwhile, it is handed out again afterwards. Source:
/// client-go's work queue.
/// </summary>
internal sealed class WorkQueue(TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Channel<string> _ready = Channel.CreateUnbounded<string>();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _inProgress = new(StringComparer.Ordinal);
    private readonly HashSet<string> _requeued = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ITimer Timer, long Due)> _delayed = new(StringComparer.Ordinal);

    /// <summary>Called with the number of names that are due and wait, whenever it may have changed. The queue is
    /// locked during the call, which must return at once.</summary>
    public Action<int> DepthChanged { get; init; } = static _ => { };

    public void Add(string name)
    {
        lock (_lock)
        {
            if (_inProgress.Contains(name))
            {
                _requeued.Add(name);
            }
            else if (_waiting.Add(name))
            {
                _ready.Writer.TryWrite(name);
            }

            DepthChanged(_waiting.Count + _requeued.Count);
        }
    }

    /// <summary>Adds a name after a delay. If it is called several times for a name, the earliest time
    /// counts.</summary>
    public void AddAfter(string name, TimeSpan delay)
    {
        // The monotonic clock: a wall clock that is set back must not delay what is due.
        long due = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
        lock (_lock)
        {
            if (_delayed.TryGetValue(name, out (ITimer Timer, long Due) set))
            {
                if (set.Due <= due)
                {
                    return;
                }

                set.Timer.Dispose();
            }

            _delayed[name] = (
                time.CreateTimer(_ => Fire(name, due), state: null, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>Waits for a name. The caller has to call <see cref="Done"/> for it afterwards.</summary>
    public async Task<string> TakeAsync(CancellationToken cancellationToken)
    {
        string name = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_lock)
        {
            _waiting.Remove(name);
            _inProgress.Add(name);
            DepthChanged(_waiting.Count + _requeued.Count);
        }

        return name;
    }

    public void Done(string name)
    {
        lock (_lock)
        {
            _inProgress.Remove(name);
            if (_requeued.Remove(name) && _waiting.Add(name))
            {
                _ready.Writer.TryWrite(name);
            }
        }
    }

    /// <summary>Cancels all delayed names. The names that wait are not reconciled.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach ((ITimer timer, _) in _delayed.Values)
            {
                timer.Dispose();
            }

            _delayed.Clear();
            DepthChanged(0);
        }
    }

    private void Fire(string name, long due)
    {
        lock (_lock)
        {
            if (!_delayed.TryGetValue(name, out (ITimer Timer, long Due) set) || set.Due != due)
            {
                return;
            }

            _delayed.Remove(name);
            set.Timer.Dispose();
        }

        Add(name);
    }
}
