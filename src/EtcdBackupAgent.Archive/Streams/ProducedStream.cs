using System.IO.Pipelines;

namespace EtcdBackupAgent.Archive.Streams;

/// <summary>
/// A layer without a source: another thread produces the bytes. It starts with the first read and is at most
/// <see cref="AheadBytesMax"/> ahead of the reader. The reader gets an exception of the producer.
/// </summary>
public abstract class ProducedStream : PullStream
{
    /// <summary>The most bytes that are produced ahead of the reader.</summary>
    public const int AheadBytesMax = 256 * 1024;

    private readonly Pipe _pipe;
    private readonly CancellationTokenSource _stop = new();
    private Task? _producing;

    /// <summary>Creates the stream; nothing is produced before the first read.</summary>
    protected ProducedStream()
        : this(new Pipe(new PipeOptions(
            pauseWriterThreshold: AheadBytesMax,
            resumeWriterThreshold: AheadBytesMax / 2,
            useSynchronizationContext: false)))
    {
    }

    private ProducedStream(Pipe pipe)
        : base(pipe.Reader.AsStream()) => _pipe = pipe;

    /// <summary>Whether the stream was read to its end.</summary>
    protected bool Ended { get; private set; }

    /// <summary>Writes all bytes. Called once, on another thread.</summary>
    /// <param name="target">Takes the bytes; a write waits for the reader if it is too far ahead.</param>
    /// <param name="cancellationToken">Cancelled when the stream is disposed.</param>
    protected abstract Task ProduceAsync(Stream target, CancellationToken cancellationToken);

    protected sealed override int Pull(Span<byte> buffer)
    {
        Start();
        int bytes = Source.Read(buffer);
        Ended = bytes == 0;
        return bytes;
    }

    protected sealed override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Start();
        int bytes = await Source.ReadAsync(buffer, cancellationToken);
        Ended = bytes == 0;
        return bytes;
    }

    protected sealed override void Release() => ReleaseAsync().AsTask().GetAwaiter().GetResult();

    protected sealed override async ValueTask ReleaseAsync()
    {
        // Complete the reader first: otherwise the producer would wait for a reader forever.
        await _pipe.Reader.CompleteAsync();
        await _stop.CancelAsync();
        if (_producing is not null)
        {
            await _producing;
        }

        _stop.Dispose();
    }

    /// <summary>
    /// Starts the producer. It outlives the read that starts it: disposing the stream stops it, not the token of that
    /// read.
    /// </summary>
    private void Start() => _producing ??= Task.Run(RunAsync, CancellationToken.None);

    /// <summary>Never throws: the reader of the pipe gets the exception.</summary>
    private async Task RunAsync()
    {
        try
        {
            await ProduceAsync(_pipe.Writer.AsStream(leaveOpen: true), _stop.Token);
            await _pipe.Writer.CompleteAsync();
        }
        catch (Exception e)
        {
            await _pipe.Writer.CompleteAsync(e);
        }
    }
}
