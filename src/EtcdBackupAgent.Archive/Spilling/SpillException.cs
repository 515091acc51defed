namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>The content of a scratch file cannot be read back, so the stream cannot be completed.</summary>
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
