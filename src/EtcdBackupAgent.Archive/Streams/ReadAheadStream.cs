using System.Threading.Channels;

namespace EtcdBackupAgent.Archive.Streams;

/// <summary>Reads ahead of its reader until its buffers are full; then the source waits for the reader.</summary>
public sealed class ReadAheadStream : PumpedStream
{
    private const int BufferBytes = 1 << 18;
    private const int BuffersMax = 4;

    private readonly Channel<Filled> _filled = Channel.CreateBounded<Filled>(new BoundedChannelOptions(BuffersMax)
    {
        SingleReader = true,
        SingleWriter = true,
    });

    private readonly Channel<byte[]> _empty = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions
    {
        SingleReader = true,
        SingleWriter = true,
    });

    private byte[]? _lent;

    public ReadAheadStream(Stream source)
        : base(source)
    {
        for (int i = 0; i < BuffersMax; i++)
        {
            _empty.Writer.TryWrite(GC.AllocateUninitializedArray<byte>(BufferBytes));
        }

        Start(PumpAsync);
    }

    protected override async ValueTask<ReadOnlyMemory<byte>> NextBlockAsync(CancellationToken cancellationToken)
    {
        if (_lent is not null)
        {
            _empty.Writer.TryWrite(_lent);
            _lent = null;
        }

        if (!await _filled.Reader.WaitToReadAsync(cancellationToken) || !_filled.Reader.TryRead(out Filled next))
        {
            return default;
        }

        _lent = next.Buffer;
        return next.Buffer.AsMemory(0, next.Bytes);
    }

    private async Task PumpAsync()
    {
        try
        {
            while (true)
            {
                byte[] buffer = await _empty.Reader.ReadAsync(Stopped);
                int bytes = await Source.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, Stopped);
                if (bytes > 0)
                {
                    await _filled.Writer.WriteAsync(new Filled(buffer, bytes), Stopped);
                }

                if (bytes < buffer.Length)
                {
                    _filled.Writer.Complete();
                    return;
                }
            }
        }
        catch (Exception e)
        {
            _filled.Writer.Complete(e);
        }
    }

    private readonly record struct Filled(byte[] Buffer, int Bytes);
}
