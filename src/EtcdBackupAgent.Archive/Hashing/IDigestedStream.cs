namespace EtcdBackupAgent.Archive.Hashing;

/// <summary>A stream that computes the SHA-256 of the bytes it returns, so that its reader does not have to.</summary>
public interface IDigestedStream
{
    /// <summary>The number of bytes that were read so far.</summary>
    long BytesRead { get; }

    /// <summary>Returns the SHA-256 of all bytes of the stream.</summary>
    /// <exception cref="InvalidOperationException">The stream is not yet read to its end.</exception>
    Sha256Digest Digest();
}
