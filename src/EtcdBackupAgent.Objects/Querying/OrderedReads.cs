using EtcdBackupAgent.Snapshots.KeySpaces;

namespace EtcdBackupAgent.Objects.Querying;

/// <summary>
/// Reads objects with all processors and returns them in the order of their keys. A window of keys is read while the
/// caller uses the objects of the window before it.
/// </summary>
/// <param name="keys">The keys.</param>
/// <param name="newReader">Returns a function that reads a key. One thread at a time calls the function.</param>
internal sealed class OrderedReads(IReadOnlyList<FoundKey> keys, Func<Func<FoundKey, FoundObject?>> newReader)
{
    /// <summary>The largest number of keys in a window.</summary>
    public const int WindowKeysMax = 1024;

    /// <summary>A window ends with the value that reaches this size; two windows are in memory.</summary>
    public const int WindowBytesMax = 4 << 20;

    private readonly Func<FoundKey, FoundObject?>[] _readers =
        [.. Enumerable.Range(0, Math.Min(Environment.ProcessorCount, keys.Count)).Select(_ => newReader())];

    private int _position;

    /// <summary>Reads the objects; null for each key that is not one of an object.</summary>
    /// <param name="cancellationToken">Cancels the read.</param>
    public IEnumerable<FoundObject?> Read(CancellationToken cancellationToken)
    {
        using CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<FoundObject?[]> next = BeginWindow(ended.Token);
        try
        {
            while (next.GetAwaiter().GetResult() is { Length: > 0 } window)
            {
                next = BeginWindow(ended.Token);
                foreach (FoundObject? item in window)
                {
                    yield return item;
                }
            }
        }
        finally
        {
            // A caller that takes no more objects may close the database, so that no read may go on.
            ended.Cancel();
            ((IAsyncResult)next).AsyncWaitHandle.WaitOne();
        }
    }

    private async Task<FoundObject?[]> BeginWindow(CancellationToken cancellationToken)
    {
        int start = _position;
        for (long bytes = 0; _position < keys.Count && _position - start < WindowKeysMax && bytes < WindowBytesMax;)
        {
            bytes += keys[_position++].ValueBytesMax;
        }

        FoundObject?[] window = new FoundObject?[_position - start];
        int taken = -1;
        await Task.WhenAll(_readers.Select(read => Task.Run(
            () =>
            {
                while (Interlocked.Increment(ref taken) is var index && index < window.Length)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    window[index] = read(keys[start + index]);
                }
            },
            CancellationToken.None)));
        return window;
    }
}
