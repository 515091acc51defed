using System.Threading.Channels;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.ChangeLog;
using EtcdBackupAgent.Core.Deadlines;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Repository;
using EtcdBackupAgent.Core.Stores;

namespace EtcdBackupAgent.Core.Archiving;

/// <summary>
/// Stores the objects of a log one after another, in their order, so that a crash never leaves a hole. Sealed segments
/// wait here while the store does not take them.
/// </summary>
/// <remarks>
/// A waiting segment is compressed and encrypted. The first ones wait in memory, the others in scratch files without a
/// name. <see cref="AddAsync"/> waits when the limit is reached, so that no more is read from etcd.
/// </remarks>
internal sealed class SegmentQueue(
    BackupRepository repository, ScratchSpace scratch, IArchiveObserver observer, TimeProvider time) : IAsyncDisposable
{
    /// <summary>The most bytes that wait in memory.</summary>
    public const long MemoryBytesMax = 32 << 20;

    /// <summary>The most bytes that wait in memory and in scratch files.</summary>
    public const long PendingBytesMax = 1 << 30;

    private static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(30);

    private readonly Channel<Waiting> _queue = Channel.CreateUnbounded<Waiting>();
    private readonly Lock _gate = new();
    private TaskCompletionSource _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _memoryBytes;
    private long _bytes;
    private int _segments;

    /// <summary>
    /// The directory for segments; null if nothing may be written to a local disk, or nothing can be.
    /// </summary>
    private string? _directory = scratch.OptionsFor(repository.Document.Encryption.Kind).Directory;

    /// <summary>The most bytes that may wait; without a scratch directory those in memory.</summary>
    private long BytesMax => _directory is null ? MemoryBytesMax : PendingBytesMax;

    /// <summary>Adds the document of a lineage.</summary>
    public void Add(LineageDocument lineage) =>
        Add(new Waiting(Segment: null, lineage.Key, new MemoryStream(RepositoryJson.Write(lineage)), InMemory: true));

    /// <summary>Seals a segment and adds it. Waits while too many bytes wait for the store.</summary>
    public async Task AddAsync(SegmentName name, MemoryStream plain, CancellationToken cancellationToken)
    {
        await WaitForRoomAsync(cancellationToken);
        using MemoryStream sealedBytes = await SegmentSeal.SealAsync(repository, name, plain, cancellationToken);
        Add(await PlaceAsync(name, sealedBytes, cancellationToken));
    }

    /// <summary>Says that no more objects follow: <see cref="RunAsync"/> returns when all are stored.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    /// <summary>Stores the objects until no more follow. Each one is tried until the store takes it.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; waiting segments are lost.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        BackOff backOff = new(time, RetryFirst, RetryMax);
        await foreach (Waiting next in _queue.Reader.ReadAllAsync(cancellationToken))
        {
            while (!await TryStoreAsync(next, backOff, cancellationToken))
            {
            }

            backOff.Reset();
            Remove(next);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Complete();
        await foreach (Waiting left in _queue.Reader.ReadAllAsync())
        {
            await left.Bytes.DisposeAsync();
        }
    }

    private async Task<bool> TryStoreAsync(Waiting next, BackOff backOff, CancellationToken cancellationToken)
    {
        try
        {
            next.Bytes.Position = 0;
            long bytes = await repository.Store.PutAsync(next.Key, next.Bytes, cancellationToken);
            if (next.Segment is { } segment)
            {
                observer.Stored(segment, bytes);
            }

            return true;
        }
        catch (BackupException e)
        {
            TimeSpan wait = backOff.Next();
            observer.StoreFailed(e, _segments, _bytes, wait);
            await backOff.WaitAsync(wait, cancellationToken);
            return false;
        }
    }

    private async Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        bool isReported = false;
        while (true)
        {
            Task stored;
            lock (_gate)
            {
                if (_bytes < BytesMax)
                {
                    return;
                }

                stored = _stored.Task;
            }

            if (!isReported)
            {
                observer.Paused(_bytes);
                isReported = true;
            }

            await stored.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Puts sealed bytes into memory, or into a scratch file.</summary>
    private async Task<Waiting> PlaceAsync(
        SegmentName name, MemoryStream sealedBytes, CancellationToken cancellationToken)
    {
        if (_memoryBytes + sealedBytes.Length > MemoryBytesMax && _directory is { } directory)
        {
            if (await TryWriteAsync(directory, sealedBytes, cancellationToken) is { } file)
            {
                return new Waiting(name, name.Key, file, InMemory: false);
            }

            // From now on the limit of the memory counts.
            _directory = null;
        }

        return new Waiting(name, name.Key, new MemoryStream(sealedBytes.ToArray()), InMemory: true);
    }

    /// <summary>Writes bytes to a file without a name; null if it has no room or cannot be written.</summary>
    private static async Task<FileStream?> TryWriteAsync(
        string directory, MemoryStream bytes, CancellationToken cancellationToken)
    {
        try
        {
            if (SealedFile.FindRoomProblem(directory, bytes.Length) is not null)
            {
                return null;
            }

            FileStream file = new(NamelessFile.Create(directory), FileAccess.ReadWrite, bufferSize: 0);
            await bytes.CopyToAsync(file, cancellationToken);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bytes.Position = 0;
            return null;
        }
    }

    private void Add(Waiting next)
    {
        lock (_gate)
        {
            _bytes += next.Bytes.Length;
            _memoryBytes += next.InMemory ? next.Bytes.Length : 0;
            _segments++;
            observer.Waiting(_segments, _bytes);
        }

        _queue.Writer.TryWrite(next);
    }

    private void Remove(Waiting stored)
    {
        TaskCompletionSource signal;
        lock (_gate)
        {
            _bytes -= stored.Bytes.Length;
            _memoryBytes -= stored.InMemory ? stored.Bytes.Length : 0;
            _segments--;
            observer.Waiting(_segments, _bytes);
            signal = _stored;
            _stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        stored.Bytes.Dispose();
        signal.SetResult();
    }

    /// <summary>An object that waits.</summary>
    private sealed record Waiting(SegmentName? Segment, ObjectKey Key, Stream Bytes, bool InMemory);
}
