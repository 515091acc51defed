namespace EtcdBackupAgent.Archive.Streams;

/// <summary>
/// A layer of a pipeline that its reader pulls: a forward-only, read-only stream that reads its source only as far as
/// it needs, and leaves it open. Memory is constant for any length. Not for concurrent use: a read must complete before
/// the stream is disposed.
/// </summary>
public abstract class PullStream : ForwardOnlyStream
{
    private bool _disposed;

    protected PullStream(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!source.CanRead)
        {
            throw new ArgumentException("The source stream cannot be read.", nameof(source));
        }

        Source = source;
    }

    public sealed override bool CanRead => !_disposed;

    protected Stream Source { get; }

    public sealed override int Read(Span<byte> buffer)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return buffer.IsEmpty ? 0 : Pull(buffer);
    }

    public sealed override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public sealed override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<int>(cancellationToken)
            : buffer.IsEmpty ? ValueTask.FromResult(0) : PullAsync(buffer, cancellationToken);
    }

    public sealed override async ValueTask DisposeAsync()
    {
        if (!_disposed)
        {
            _disposed = true;
            await ReleaseAsync();
        }

        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Fills a part of a buffer, which is not empty. Returns 0 only at the end.</summary>
    protected abstract int Pull(Span<byte> buffer);

    /// <inheritdoc cref="Pull"/>
    protected abstract ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Releases the resources of the layer itself. Called once; the source is the caller's.</summary>
    protected virtual void Release()
    {
    }

    /// <inheritdoc cref="Release"/>
    protected virtual ValueTask ReleaseAsync()
    {
        Release();
        return ValueTask.CompletedTask;
    }

    protected sealed override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            Release();
        }

        base.Dispose(disposing);
    }
}
