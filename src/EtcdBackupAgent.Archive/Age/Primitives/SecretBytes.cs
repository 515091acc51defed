using System.Security.Cryptography;

namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>
/// The bytes of a key. They are pinned, so the garbage collector leaves no copy, and are wiped when disposed.
/// </summary>
internal sealed class SecretBytes(int length) : IDisposable
{
    private readonly byte[] _bytes = GC.AllocateArray<byte>(length, pinned: true);
    private bool _disposed;

    /// <exception cref="ObjectDisposedException">The bytes are disposed and wiped.</exception>
    public Span<byte> Span
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes;
        }
    }

    public static SecretBytes CopyOf(ReadOnlySpan<byte> bytes)
    {
        SecretBytes copy = new(bytes.Length);
        bytes.CopyTo(copy.Span);
        return copy;
    }

    public void Dispose()
    {
        _disposed = true;
        CryptographicOperations.ZeroMemory(_bytes);
    }
}
