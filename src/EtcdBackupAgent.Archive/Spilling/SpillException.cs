namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>What lay in a scratch file cannot be had back, so that a stream ends in the middle.</summary>
public sealed class SpillException : IOException
{
    public SpillException()
    {
    }

    public SpillException(string message)
        : base(message)
    {
    }

    public SpillException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
