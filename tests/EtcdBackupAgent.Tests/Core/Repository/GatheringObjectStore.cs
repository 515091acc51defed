using EtcdBackupAgent.Core.Stores;
using EtcdBackupAgent.Testing;

namespace EtcdBackupAgent.Tests.Core.Repository;

/// <summary>
/// A store that opens no object until a number of reads wait, and then opens them in reverse order. A caller that reads
/// one object after another never gets any.
/// </summary>
/// <param name="inner">The store that is read.</param>
/// <param name="wanted">The number of reads that must wait.</param>
/// <param name="isGathered">Selects the objects that wait; others are opened at once.</param>
internal sealed class GatheringObjectStore(
    IObjectStore inner, int wanted, Func<ObjectKey, bool> isGathered) : IObjectStore
{
    private readonly Lock _gate = new();
    private readonly Stack<TaskCompletionSource> _waiting = new();
    private int _inFlight;

    /// <summary>The maximum number of reads that waited at one time.</summary>
    public int InFlightMax { get; private set; }

    public string Address => inner.Address;

    public string? LocalDirectory => inner.LocalDirectory;

    /// <exception cref="TimeoutException">Too few reads waited.</exception>
    public async Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken)
    {
        if (!isGathered(key))
        {
            return await inner.OpenReadAsync(key, range, cancellationToken);
        }

        TaskCompletionSource turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource[] gathered = [];
        lock (_gate)
        {
            InFlightMax = Math.Max(InFlightMax, ++_inFlight);
            _waiting.Push(turn);
            if (_waiting.Count == wanted)
            {
                gathered = [.. _waiting];
                _waiting.Clear();
            }
        }

        foreach (TaskCompletionSource one in gathered)
        {
            one.SetResult();
        }

        try
        {
            await turn.Task.WaitAsync(TestDeadline.Patience, cancellationToken);
            return await inner.OpenReadAsync(key, range, cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _inFlight--;
            }
        }
    }

    public Task EnsureCreatedAsync(CancellationToken cancellationToken) => inner.EnsureCreatedAsync(cancellationToken);

    public Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken) =>
        inner.PutAsync(key, content, cancellationToken);

    public Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        inner.TryCreateAsync(key, content, cancellationToken);

    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) =>
        inner.ListAsync(prefix, cancellationToken);

    public Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken) =>
        inner.DeleteAsync(keys, cancellationToken);

    public IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(CancellationToken cancellationToken) =>
        inner.ListPendingUploadsAsync(cancellationToken);

    public Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken) =>
        inner.AbortUploadAsync(upload, cancellationToken);

    public void Dispose() => inner.Dispose();
}
