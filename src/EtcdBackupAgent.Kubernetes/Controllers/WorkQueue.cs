using System.Threading.Channels;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>
/// Names of objects that are to be looked at. A name stands in it once however often it is added, and nobody gets it
/// while somebody else has it: what comes meanwhile is looked at afterwards. Source: client-go's work queue.
/// </summary>
internal sealed class WorkQueue(TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Channel<string> _ready = Channel.CreateUnbounded<string>();
    private readonly HashSet<string> _waiting = new(StringComparer.Ordinal);
    private readonly HashSet<string> _underWay = new(StringComparer.Ordinal);
    private readonly HashSet<string> _again = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ITimer Timer, long Due)> _later = new(StringComparer.Ordinal);

    /// <summary>Called with the number of names that are due and wait, whenever it may have changed, while the queue
    /// is locked: it must return at once.</summary>
    public Action<int> DepthChanged { get; init; } = static _ => { };

    public void Add(string name)
    {
        lock (_lock)
        {
            if (_underWay.Contains(name))
            {
                _again.Add(name);
            }
            else if (_waiting.Add(name))
            {
                _ready.Writer.TryWrite(name);
            }

            DepthChanged(_waiting.Count + _again.Count);
        }
    }

    /// <summary>Adds a name after some time; of several such, the earliest counts.</summary>
    public void AddAfter(string name, TimeSpan delay)
    {
        // By the clock that nobody sets: one that was set back must not put off what is due.
        long due = time.GetTimestamp() + (long)(delay.TotalSeconds * time.TimestampFrequency);
        lock (_lock)
        {
            if (_later.TryGetValue(name, out (ITimer Timer, long Due) set))
            {
                if (set.Due <= due)
                {
                    return;
                }

                set.Timer.Dispose();
            }

            _later[name] = (time.CreateTimer(_ => Fire(name, due), state: null, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>Waits for a name; whoever gets it says <see cref="Done"/>.</summary>
    public async Task<string> TakeAsync(CancellationToken cancellationToken)
    {
        string name = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_lock)
        {
            _waiting.Remove(name);
            _underWay.Add(name);
            DepthChanged(_waiting.Count + _again.Count);
        }

        return name;
    }

    public void Done(string name)
    {
        lock (_lock)
        {
            _underWay.Remove(name);
            if (_again.Remove(name) && _waiting.Add(name))
            {
                _ready.Writer.TryWrite(name);
            }
        }
    }

    /// <summary>Nothing is added later any more, and nothing is looked at that waits.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach ((ITimer timer, _) in _later.Values)
            {
                timer.Dispose();
            }

            _later.Clear();
            DepthChanged(0);
        }
    }

    private void Fire(string name, long due)
    {
        lock (_lock)
        {
            if (!_later.TryGetValue(name, out (ITimer Timer, long Due) set) || set.Due != due)
            {
                return;
            }

            _later.Remove(name);
            set.Timer.Dispose();
        }

        Add(name);
    }
}
