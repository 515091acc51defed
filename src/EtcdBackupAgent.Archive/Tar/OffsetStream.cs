namespace EtcdBackupAgent.Archive.Tar;

/// <summary>Knows how far its source was read, whether it has ended, and what it threw: so a parser's errors can be told from it.</summary>
internal sealed class OffsetStream(Stream source) : PullStream(source, leaveOpen: true)
{
    public long Offset { get; private set; }

    public bool Ended { get; private set; }

    /// <summary>What the source threw; null as long as it works.</summary>
    public Exception? Failure { get; private set; }

    protected override int Pull(Span<byte> buffer)
    {
        try
        {
            return Account(Source.Read(buffer));
        }
        catch (Exception e)
        {
            Failure = e;
            throw;
        }
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return Account(await Source.ReadAsync(buffer, cancellationToken));
        }
        catch (Exception e)
        {
            Failure = e;
            throw;
        }
    }

    private int Account(int bytes)
    {
        Offset += bytes;
        Ended = bytes == 0;
        return bytes;
    }
}
