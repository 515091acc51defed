using System.Runtime.InteropServices;

namespace EtcdBackupAgent.Archive.Zstd;

/// <summary>
/// The functions of libzstd's stable C interface that this project uses (zstd.h and zstd_errors.h, 1.4.0 and later).
/// </summary>
internal static unsafe partial class ZstdNative
{
    public const string LibraryName = "libzstd.so.1";

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_versionNumber")]
    public static partial uint VersionNumber();

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_isError")]
    public static partial uint IsError(nuint code);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_getErrorName")]
    public static partial nint ErrorName(nuint code);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_getErrorCode")]
    public static partial ZstdErrorCode ErrorCode(nuint code);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_cParam_getBounds")]
    public static partial ZstdBounds CompressionBounds(ZstdCompressionParameter parameter);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_CStreamInSize")]
    public static partial nuint CompressionInputSize();

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_DStreamInSize")]
    public static partial nuint DecompressionInputSize();

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_createCCtx")]
    public static partial ZstdCompressionContext CreateCompressionContext();

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_freeCCtx")]
    public static partial nuint FreeCompressionContext(nint context);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_CCtx_setParameter")]
    public static partial nuint SetParameter(
        ZstdCompressionContext context, ZstdCompressionParameter parameter, int value);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_CCtx_setPledgedSrcSize")]
    public static partial nuint SetPledgedSourceSize(ZstdCompressionContext context, ulong bytes);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_compressStream2")]
    public static partial nuint CompressStream(
        ZstdCompressionContext context, ref ZstdBuffer output, ref ZstdBuffer input, ZstdDirective directive);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_createDCtx")]
    public static partial ZstdDecompressionContext CreateDecompressionContext();

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_freeDCtx")]
    public static partial nuint FreeDecompressionContext(nint context);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_DCtx_setParameter")]
    public static partial nuint SetParameter(
        ZstdDecompressionContext context, ZstdDecompressionParameter parameter, int value);

    [LibraryImport(LibraryName, EntryPoint = "ZSTD_decompressStream")]
    public static partial nuint DecompressStream(
        ZstdDecompressionContext context, ref ZstdBuffer output, ref ZstdBuffer input);
}

/// <summary>
/// <c>ZSTD_inBuffer</c> and <c>ZSTD_outBuffer</c>, which have the same layout. The memory must stay pinned during the
/// call.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ZstdBuffer(byte* pinned, int sizeBytes)
{
    private readonly byte* _pinned = pinned;
    private readonly nuint _sizeBytes = (nuint)sizeBytes;
    private readonly nuint _position;

    /// <summary>The number of bytes consumed from an input, or written to an output.</summary>
    public readonly int Position => (int)_position;
}

[StructLayout(LayoutKind.Sequential)]
internal readonly struct ZstdBounds
{
    private readonly nuint _error;

    public readonly int Lower;

    public readonly int Upper;

    /// <summary>0 or an error code, which must be checked like any other.</summary>
    public nuint Code => _error;
}

internal enum ZstdCompressionParameter
{
    Level = 100,
    ChecksumFlag = 201,
    Workers = 400,
}

internal enum ZstdDecompressionParameter
{
    WindowLogMax = 100,
}

internal enum ZstdDirective
{
    Continue = 0,
    End = 2,
}

internal enum ZstdErrorCode
{
    MemoryAllocation = 64,
}
