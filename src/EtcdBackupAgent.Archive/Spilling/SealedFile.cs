using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using EtcdBackupAgent.Archive.Posix;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Archive.Spilling;

/// <summary>
/// A file without a name whose content is written once, from its beginning to its end, and then read at any place. On
/// the disk it is sealed page by page, with a key that exists only in this process.
/// </summary>
/// <remarks>
/// <para>
/// On the disk, page n is at n × (<see cref="PageBytes"/> + 16): the page, sealed with AES-256-GCM, then its tag of 16
/// bytes. The nonce is n. Each page is sealed once, and the key is used for this file alone, so no nonce is used twice.
/// </para>
/// <para>
/// A page of a database is a page of the file, so that a walk of a tree in the order of its keys reads no byte twice.
/// </para>
/// <para>
/// A file may be as large as the memory of the machine, which is also etcd's. So the kernel keeps at most
/// <see cref="CachedBytesMax"/> of it: writing waits for the disk, and pages are dropped once they are written or read.
/// </para>
/// <para>Writing is for one thread. After <see cref="Complete"/>, several threads may read.</para>
/// </remarks>
public sealed class SealedFile : IDisposable
{
    /// <summary>The bytes of a page before it is sealed: the page size of nearly every etcd database.</summary>
    public const int PageBytes = 4096;

    private const int TagBytes = 16;
    private const int SealedPageBytes = PageBytes + TagBytes;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;

    /// <summary>The pages that are written at once.</summary>
    private const int BatchPages = 64;

    /// <summary>The most bytes of the file in the kernel's memory, apart from what it reads ahead.</summary>
    internal const long CachedBytesMax = 2 * ChunkBytes;

    /// <summary>
    /// The kernel starts to write after this many bytes, while the next ones arrive. After reading as many, it drops
    /// them.
    /// </summary>
    private const long ChunkBytes = 8 << 20;

    /// <summary>A sealed page is in two pages of the kernel.</summary>
    private const int CachedPageBytes = 2 * 4096;

    private readonly string _directory;
    private readonly SafeFileHandle _file;
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(KeyBytes);
    private readonly ConcurrentBag<Opener> _openers = [];
    private readonly byte[] _page = GC.AllocateUninitializedArray<byte>(PageBytes);
    private readonly byte[] _batch = GC.AllocateUninitializedArray<byte>(BatchPages * SealedPageBytes);
    private readonly AesGcm _sealer;
    private int _pageFilled;
    private int _batchPages;
    private long _pagesWritten;
    private long _written;
    private long _handedOver;
    private long _awaited;
    private long _readBytes;

    private SealedFile(string directory, SafeFileHandle file)
    {
        _directory = directory;
        _file = file;
        _sealer = new AesGcm(_key, TagBytes);
    }

    /// <summary>The number of bytes that were appended.</summary>
    public long LengthBytes { get; private set; }

    /// <summary>Creates an empty file.</summary>
    /// <param name="directory">An existing directory of the file system that stores the file.</param>
    /// <exception cref="IOException">The directory does not exist, or no file can be created in it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not write to the directory.</exception>
    public static SealedFile Create(string directory) => new(directory, NamelessFile.Create(directory));

    /// <summary>Uses an empty file, which the sealed file then owns.</summary>
    internal static SealedFile Over(string directory, SafeFileHandle file) => new(directory, file);

    /// <summary>
    /// Returns why a file of this size must not be created in a directory; null if it may. The file system keeps
    /// <see cref="SpillFile.FreeShareMin"/> free.
    /// </summary>
    /// <exception cref="IOException">The file system cannot be examined.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not examine the directory.</exception>
    public static string? FindRoomProblem(string directory, long sizeBytes)
    {
        DriveInfo drive = new(directory);
        long needed = checked((sizeBytes / PageBytes + 1) * SealedPageBytes);
        long available = drive.AvailableFreeSpace - (long)(drive.TotalSize * SpillFile.FreeShareMin);
        return needed <= available
            ? null
            : $"the scratch directory '{directory}' has room for {Math.Max(0, available)} bytes, except for the "
                + $"{SpillFile.FreeShareMin:P0} that must stay free, but {needed} are needed";
    }

    /// <summary>Appends bytes.</summary>
    /// <exception cref="SpillException">The file cannot be written.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        LengthBytes += bytes.Length;
        while (!bytes.IsEmpty)
        {
            int part = Math.Min(bytes.Length, PageBytes - _pageFilled);
            bytes[..part].CopyTo(_page.AsSpan(_pageFilled));
            bytes = bytes[part..];
            _pageFilled += part;
            if (_pageFilled == PageBytes)
            {
                Seal();
            }
        }
    }

    /// <summary>Ends the writing. The last page is filled with zeros, which are not part of the content.</summary>
    /// <exception cref="SpillException">The file cannot be written.</exception>
    public void Complete()
    {
        if (_pageFilled > 0)
        {
            _page.AsSpan(_pageFilled).Clear();
            Seal();
        }

        WriteBatch();
        HandOver();
        HandOver();
    }

    /// <summary>Reads bytes of the content at an offset.</summary>
    /// <exception cref="EndOfStreamException">The content ends before.</exception>
    /// <exception cref="SpillException">
    /// The file cannot be read, or returned other bytes than were written to it.
    /// </exception>
    public void ReadExactly(Span<byte> target, long offset)
    {
        if (offset < 0 || offset > LengthBytes - target.Length)
        {
            throw new EndOfStreamException($"The scratch file ends at byte {LengthBytes}.");
        }

        Opener opener = _openers.TryTake(out Opener? free) ? free : new Opener(_key);
        try
        {
            while (!target.IsEmpty)
            {
                (long page, int start) = ((long, int))Math.DivRem(offset, PageBytes);
                int part = Math.Min(target.Length, PageBytes - start);
                if (part == PageBytes)
                {
                    Open(opener, page, target[..part]);
                }
                else
                {
                    Open(opener, page, opener.Page);
                    opener.Page.AsSpan(start, part).CopyTo(target);
                }

                target = target[part..];
                offset += part;
            }
        }
        finally
        {
            _openers.Add(opener);
        }
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_key);
        _sealer.Dispose();
        while (_openers.TryTake(out Opener? opener))
        {
            opener.Dispose();
        }

        _file.Dispose();
    }

    private static void WriteNonce(Span<byte> nonce, long page)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt64BigEndian(nonce[(NonceBytes - sizeof(long))..], page);
    }

    private void Seal()
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        WriteNonce(nonce, _pagesWritten);
        Span<byte> target = _batch.AsSpan(_batchPages * SealedPageBytes, SealedPageBytes);
        _sealer.Encrypt(nonce, _page, target[..PageBytes], target[PageBytes..]);
        _pageFilled = 0;
        _pagesWritten++;
        if (++_batchPages == BatchPages)
        {
            WriteBatch();
        }
    }

    private void WriteBatch()
    {
        int bytes = _batchPages * SealedPageBytes;
        try
        {
            RandomAccess.Write(_file, _batch.AsSpan(0, bytes), _written);
        }
        catch (IOException e)
        {
            throw new SpillException(
                $"The scratch directory '{_directory}' cannot be written: {e.Message.TrimEnd('.')}.", e);
        }

        _written += bytes;
        _batchPages = 0;
        if (_written - _handedOver >= ChunkBytes)
        {
            HandOver();
        }
    }

    /// <summary>
    /// Lets the kernel write what was appended since the last call, and waits for what was appended before.
    /// </summary>
    private void HandOver()
    {
        DurableNames.StartWriteback(_file, _handedOver, _written - _handedOver);
        if (_handedOver > _awaited)
        {
            PageCache.AwaitWriteback(_file, _awaited, _handedOver - _awaited);
            PageCache.Drop(_file);
        }

        (_awaited, _handedOver) = (_handedOver, _written);
    }

    private void Open(Opener opener, long page, Span<byte> target)
    {
        try
        {
            int read = RandomAccess.Read(_file, opener.Sealed, page * SealedPageBytes);
            DropWhatWasRead();
            if (read == SealedPageBytes)
            {
                Span<byte> nonce = stackalloc byte[NonceBytes];
                WriteNonce(nonce, page);
                opener.Cipher.Decrypt(
                    nonce, opener.Sealed.AsSpan(0, PageBytes), opener.Sealed.AsSpan(PageBytes), target);
                return;
            }
        }
        catch (IOException e)
        {
            throw new SpillException(
                $"The scratch file in '{_directory}' cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
        catch (AuthenticationTagMismatchException e)
        {
            throw OtherBytes(e);
        }

        throw OtherBytes(inner: null);
    }

    private void DropWhatWasRead()
    {
        if (Interlocked.Add(ref _readBytes, CachedPageBytes) >= ChunkBytes)
        {
            Interlocked.Exchange(ref _readBytes, 0);
            PageCache.Drop(_file);
        }
    }

    private SpillException OtherBytes(Exception? inner) =>
        new($"The scratch file in '{_directory}' returned other bytes than were written to it.", inner);

    /// <summary>What one read needs for itself, since several threads may read.</summary>
    private sealed class Opener(byte[] key) : IDisposable
    {
        public AesGcm Cipher { get; } = new(key, TagBytes);

        public byte[] Page { get; } = GC.AllocateUninitializedArray<byte>(PageBytes);

        public byte[] Sealed { get; } = GC.AllocateUninitializedArray<byte>(SealedPageBytes);

        public void Dispose() => Cipher.Dispose();
    }
}
