using System.Runtime.CompilerServices;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>When, in the course of the operation that it befalls, a fault strikes.</summary>
public enum FaultMoment
{
    /// <summary>The store never heard of it.</summary>
    Before,

    /// <summary>In the middle of the bytes of a put or a read; for other operations as <see cref="Before"/>.</summary>
    Midway,

    /// <summary>It was done, and only the answer is lost.</summary>
    After,
}

/// <summary>
/// A store that fails at its Nth operation, once or from then on: a test runs its flow with N = 1, 2, 3 … until no
/// fault strikes, and looks each time at what is left in the store below. Operations are counted over all members, in
/// the order of their calls; a listing counts when it is begun.
/// </summary>
public sealed class FaultyObjectStore(IObjectStore inner) : IObjectStore
{
    private readonly Lock _gate = new();
    private readonly List<string> _operations = [];
    private int _listings;

    /// <summary>The operation that fails, counted from 1; 0 for none.</summary>
    public int FailAt { get; set; }

    public FaultMoment Moment { get; set; }

    /// <summary>Whether all operations after it fail too, as when a store is gone for good.</summary>
    public bool ForGood { get; set; }

    /// <summary>Bytes that a content gives before it fails <see cref="FaultMoment.Midway"/>.</summary>
    public long MidwayBytes { get; set; } = 1;

    /// <summary>What was asked for so far, as in <c>put manifest.json</c>; a fault's operation is among them.</summary>
    public IReadOnlyList<string> Operations
    {
        get
        {
            lock (_gate)
            {
                return [.. _operations];
            }
        }
    }

    /// <summary>
    /// Which objects a listing, counted from 1, does not see, as if they had come or gone while it ran; null for none.
    /// </summary>
    public Func<int, ObjectKey, bool>? Unseen { get; set; }

    /// <summary>Whether the flow came as far as the fault.</summary>
    public bool Struck { get; private set; }

    public string Address => inner.Address;

    public string? LocalDirectory => inner.LocalDirectory;

    public Task EnsureCreatedAsync(CancellationToken cancellationToken) =>
        RunAsync("ensure created", () => inner.EnsureCreatedAsync(cancellationToken));

    public async Task<long> PutAsync(ObjectKey key, Stream content, CancellationToken cancellationToken)
    {
        string operation = $"put {key}";
        bool fails = Count(operation);
        if (fails && Moment == FaultMoment.Before)
        {
            throw Fault(operation);
        }

        if (fails && Moment == FaultMoment.Midway)
        {
            return await inner.PutAsync(
                key,
                new BreakingStream(content, MidwayBytes, () => Fault(operation)),
                cancellationToken);
        }

        long length = await inner.PutAsync(key, content, cancellationToken);
        return fails ? throw Fault(operation) : length;
    }

    public Task<bool> TryCreateAsync(
        ObjectKey key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        RunAsync($"create {key}", () => inner.TryCreateAsync(key, content, cancellationToken));

    public async Task<Stream> OpenReadAsync(ObjectKey key, ByteRange? range, CancellationToken cancellationToken)
    {
        string operation = $"read {key}";
        bool fails = Count(operation);
        if (fails && Moment == FaultMoment.Before)
        {
            throw Fault(operation);
        }

        Stream content = await inner.OpenReadAsync(key, range, cancellationToken);
        return fails
            ? new BreakingStream(
                content, Moment == FaultMoment.Midway ? MidwayBytes : long.MaxValue, () => Fault(operation))
            : content;
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string operation = $"list {prefix}";
        bool fails = Count(operation);
        if (fails && Moment != FaultMoment.After)
        {
            throw Fault(operation);
        }

        int listing = Interlocked.Increment(ref _listings);
        await foreach (StoredObject found in inner.ListAsync(prefix, cancellationToken))
        {
            if (Unseen?.Invoke(listing, found.Key) != true)
            {
                yield return found;
            }
        }

        if (fails)
        {
            throw Fault(operation);
        }
    }

    public Task DeleteAsync(IReadOnlyCollection<ObjectKey> keys, CancellationToken cancellationToken) =>
        RunAsync($"delete {string.Join(' ', keys)}", () => inner.DeleteAsync(keys, cancellationToken));

    public async IAsyncEnumerable<PendingUpload> ListPendingUploadsAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        const string Operation = "list pending";
        bool fails = Count(Operation);
        if (fails && Moment != FaultMoment.After)
        {
            throw Fault(Operation);
        }

        await foreach (PendingUpload upload in inner.ListPendingUploadsAsync(cancellationToken))
        {
            yield return upload;
        }

        if (fails)
        {
            throw Fault(Operation);
        }
    }

    public Task AbortUploadAsync(PendingUpload upload, CancellationToken cancellationToken) =>
        RunAsync($"abort {upload.Key}", () => inner.AbortUploadAsync(upload, cancellationToken));

    public void Dispose() => inner.Dispose();

    private Task RunAsync(string operation, Func<Task> call) => RunAsync(operation, async () =>
    {
        await call();
        return true;
    });

    private async Task<T> RunAsync<T>(string operation, Func<Task<T>> call)
    {
        bool fails = Count(operation);
        if (fails && Moment != FaultMoment.After)
        {
            throw Fault(operation);
        }

        T result = await call();
        return fails ? throw Fault(operation) : result;
    }

    private bool Count(string operation)
    {
        lock (_gate)
        {
            _operations.Add(operation);
            bool fails = FailAt > 0 && (_operations.Count == FailAt || (ForGood && _operations.Count > FailAt));
            Struck |= fails;
            return fails;
        }
    }

    private BackupException Fault(string operation) =>
        new(FailureReason.StoreFailed, $"The test let '{operation}' fail ({Moment}) in {Address}.");
}
