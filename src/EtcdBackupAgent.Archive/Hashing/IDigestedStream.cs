namespace EtcdBackupAgent.Archive.Hashing;

/// <summary>A stream that computes the SHA-256 of the bytes it gives, so that its reader need not do it once more.</summary>
public interface IDigestedStream
{
    /// <summary>Bytes that were given so far.</summary>
    long BytesRead { get; }

    /// <summary>The SHA-256 of all of them.</summary>
    /// <exception cref="InvalidOperationException">The stream was not read to its end yet.</exception>
    Sha256Digest Digest();
}
