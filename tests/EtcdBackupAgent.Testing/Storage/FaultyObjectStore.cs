using System.Runtime.CompilerServices;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Testing.Storage;

/// <summary>The moment in an operation at which a fault strikes.</summary>
public enum FaultMoment
{
    /// <summary>The store does not receive the operation.</summary>
    Before,

    /// <summary>
    /// In the middle of the bytes of a put or a read; for other operations like <see cref="Before"/>.
    /// </summary>
    Midway,

    /// <summary>The operation is done, and only the response is lost.</summary>
    After,
}

/// <summary>
/// A store that fails at its Nth operation, once or for good. A test runs its flow with N = 1, 2, 3 … until no fault
/// strikes, and checks the content of the inner store each time. Operations of all members are counted in the order of
/// their calls; a listing counts when it begins.
/// </summary>
public sealed class FaultyObjectStore(IObjectStore inner) : IObjectStore
{
    private readonly Lock _gate = new();
    private readonly List<string> _operations = [];
    private int _listings;

    /// <summary>The number of the operation that fails, counted from 1; 0 for none.</summary>
    public int FailAt { get; set; }

    public FaultMoment Moment { get; set; }

    /// <summary>Whether all later operations fail too, as with a store that is lost.</summary>
    public bool ForGood { get; set; }

    /// <summary>The bytes that a content returns before it fails <see cref="FaultMoment.Midway"/>.</summary>
    public long MidwayBytes { get; set; } = 1;

    /// <summary>All operations so far, such as <c>put manifest.json</c>, including the one that failed.</summary>
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
    /// Decides whether a listing, counted from 1, omits an object, as if it had been created or deleted meanwhile; null
    /// to omit none.
    /// </summary>
    public Func<int, ObjectKey, bool>? Unseen { get; set; }

    /// <summary>Whether the flow reached the fault.</summary>
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
        new(FailureReason.StoreFailed, $"The test made '{operation}' fail ({Moment}) in {Address}.");
}
