namespace EtcdBackupAgent.Archive.Age.Primitives;

/// <summary>The function scrypt of RFC 7914 with the parameters of age: r = 8, p = 1.</summary>
internal static unsafe class Scrypt
{
    private const ulong BlockSize = 8;
    private const ulong Parallelism = 1;

    /// <summary>Derives a key from a passphrase.</summary>
    /// <param name="passphrase">At least one byte.</param>
    /// <param name="salt">At least one byte.</param>
    /// <param name="workFactor">Binary logarithm of N; the memory is 2^<paramref name="workFactor"/> KiB.</param>
    /// <param name="key">The target.</param>
    /// <returns>False if libcrypto cannot allocate the memory.</returns>
    public static bool TryDeriveKey(
        ReadOnlySpan<byte> passphrase, ReadOnlySpan<byte> salt, int workFactor, Span<byte> key)
    {
        ulong cost = 1UL << workFactor;

        // libcrypto computes this need before it starts: the blocks B, the table V and two working blocks.
        ulong memoryBytes = (128 * BlockSize * Parallelism) + (128 * BlockSize * (cost + 2));
        fixed (byte* passphraseBytes = passphrase)
        fixed (byte* saltBytes = salt)
        fixed (byte* keyBytes = key)
        {
            int code = LibCrypto.Scrypt(
                passphraseBytes,
                (nuint)passphrase.Length,
                saltBytes,
                (nuint)salt.Length,
                cost,
                BlockSize,
                Parallelism,
                memoryBytes,
                keyBytes,
                (nuint)key.Length);
            if (code != 1)
            {
                LibCrypto.ClearErrors();
            }

            return code == 1;
        }
    }
}
