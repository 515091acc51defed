using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>Loads libzstd and interprets its return codes.</summary>
internal static class ZstdLibrary
{
    /// <summary>1.4.0, the first version with a stable streaming interface.</summary>
    private const uint OldestVersion = 10400;

    private static readonly Lazy<nint> Loaded = new(() => Load(ZstdNative.LibraryName));

    /// <summary>
    /// Checks that libzstd is installed. The message is clearer than that of the runtime, which names only a symbol.
    /// </summary>
    /// <exception cref="ZstdUnavailableException">The library is missing or too old.</exception>
    public static void Require()
    {
        _ = Loaded.Value;
        uint version = ZstdNative.VersionNumber();
        if (version < OldestVersion)
        {
            throw new ZstdUnavailableException(
                $"{ZstdNative.LibraryName} has version {Readable(version)}; "
                + $"{Readable(OldestVersion)} or later is required.");
        }
    }

    public static nint Load(string libraryName) =>
        NativeLibrary.TryLoad(libraryName, typeof(ZstdLibrary).Assembly, searchPath: null, out nint handle)
            ? handle
            : throw new ZstdUnavailableException(
                $"The library {libraryName}, which compresses backups, is not installed: "
                + "install the package libzstd1.");

    public static bool IsError(nuint code) => ZstdNative.IsError(code) != 0;

    /// <summary>Returns the code if it is not an error.</summary>
    /// <exception cref="IOException">libzstd cannot allocate memory.</exception>
    /// <exception cref="InvalidOperationException">Any other error, which would be a bug of this program.</exception>
    public static nuint Checked(nuint code)
    {
        if (!IsError(code))
        {
            return code;
        }

        throw IsOutOfMemory(code)
            ? OutOfMemory("its buffers")
            : new InvalidOperationException($"libzstd failed: {ErrorName(code)}.");
    }

    public static bool IsOutOfMemory(nuint code) => ZstdNative.ErrorCode(code) == ZstdErrorCode.MemoryAllocation;

    public static IOException OutOfMemory(string purpose) => new($"libzstd cannot allocate memory for {purpose}.");

    public static string ErrorName(nuint code) =>
        Marshal.PtrToStringUTF8(ZstdNative.ErrorName(code)) ?? $"error {code}";

    private static string Readable(uint version) => $"{version / 10000}.{version / 100 % 100}.{version % 100}";
}
