using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Age;

/// <summary>
/// Reads the binary form of an age file from a source in binary or armored form. The first byte decides: a binary file
/// begins with <c>a</c>, an armored one with <c>-</c> or white space.
/// </summary>
internal sealed class ArmoredInput(Stream source) : PullStream(source)
{
    private const int BufferBytes = 16 << 10;

    private bool _begun;
    private ArmorDecoder? _decoder;
    private PulledInput? _armored;

    protected override int Pull(Span<byte> buffer)
    {
        if (!_begun)
        {
            int first = Source.Read(buffer[..1]);
            Begin(buffer[..first]);
            if (_decoder is null)
            {
                return first;
            }
        }

        if (_decoder is null)
        {
            return Source.Read(buffer);
        }

        int written;
        while (!TryDecode(buffer, out written))
        {
            _armored!.Refill();
        }

        return written;
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!_begun)
        {
            int first = await Source.ReadAsync(buffer[..1], cancellationToken);
            Begin(buffer.Span[..first]);
            if (_decoder is null)
            {
                return first;
            }
        }

        if (_decoder is null)
        {
            return await Source.ReadAsync(buffer, cancellationToken);
        }

        int written;
        while (!TryDecode(buffer.Span, out written))
        {
            await _armored!.RefillAsync(cancellationToken);
        }

        return written;
    }

    protected override void Release() => _armored?.Return();

    private void Begin(ReadOnlySpan<byte> first)
    {
        _begun = true;
        if (first is [(byte)'-'] || (first.Length == 1 && ArmorDecoder.IsWhiteSpace(first[0])))
        {
            _decoder = new ArmorDecoder();
            _decoder.Decode(first[0]);
            _armored = new PulledInput(Source, BufferBytes);
        }
    }

    /// <summary>Returns false if more of the source must be read before anything can be written.</summary>
    private bool TryDecode(Span<byte> buffer, out int written)
    {
        ArmorDecoder decoder = _decoder!;
        PulledInput armored = _armored!;
        written = 0;
        while (true)
        {
            written += decoder.Read(buffer[written..]);
            if (written == buffer.Length)
            {
                return true;
            }

            if (armored.Unused.IsEmpty)
            {
                if (armored.Ended)
                {
                    decoder.Complete();
                }

                return armored.Ended || written > 0;
            }

            armored.Use(decoder.DecodeLine(armored.Unused));
        }
    }
}
