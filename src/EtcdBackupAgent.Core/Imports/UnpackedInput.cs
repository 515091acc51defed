using System.IO.Compression;
using EtcdBackupAgent.Archive;
using EtcdBackupAgent.Archive.Spilling;
using EtcdBackupAgent.Archive.Zstd;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Documents;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>
/// Unpacks an input, or copies one that is a stream, into a sealed scratch file, so that it can be read at any place.
/// </summary>
/// <remarks>
/// 1. Open the unpacked bytes. A zip archive has its directory at its end, so one from a stream is first copied itself.
/// 2. Look at their first bytes: a database says there how large it is. Neither more bytes than that are unpacked, nor
///    more than <see cref="UnpackedBytesMax"/>, so that a small file cannot fill a disk.
/// 3. Require room, and fill the scratch file.
/// </remarks>
internal sealed class UnpackedInput(ScratchSpace scratch, IProgress<TransferProgress> progress)
{
    /// <summary>
    /// The largest database that is read from a stream or a packed file: eight times the size that etcd recommends at
    /// most.
    /// </summary>
    public const long UnpackedBytesMax = 64L << 30;

    /// <summary>
    /// The bytes that a file may have beyond the size that its database states: a member enlarges its file by up to
    /// 16 MiB at once.
    /// </summary>
    public const long SlackBytesMax = 64 << 20;

    /// <summary>
    /// An archive with more entries than this is not opened: its directory would be read into memory.
    /// </summary>
    public const int ZipEntriesMax = 1;

    /// <summary>How often the room is looked at while a zip archive is copied, whose size is not known.</summary>
    private const long RoomCheckBytes = 64 << 20;

    /// <summary>Reads an input into a scratch file, which the caller disposes.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> or <see cref="FailureReason.DataDamaged"/> for the input,
    /// <see cref="FailureReason.TargetUnusable"/> for the scratch directory.
    /// </exception>
    public async Task<SealedDatabase> ReadAsync(OpenedInput input, CancellationToken cancellationToken)
    {
        try
        {
            return input.Format.Packing == ImportPacking.Zip
                ? await ReadZipAsync(input, cancellationToken)
                : await ReadStreamAsync(input, cancellationToken);
        }
        catch (SpillException e)
        {
            throw NoRoom(e.Message.TrimEnd('.'), e);
        }
        catch (Exception e) when (e is InvalidDataException or ArchiveDamagedException)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"{input.Name} cannot be unpacked: {e.Message.TrimEnd('.')}.", e)
            {
                Hint = "The file is truncated or was changed. Nothing was stored.",
            };
        }
        catch (IOException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{input.Name} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private async Task<SealedDatabase> ReadStreamAsync(OpenedInput input, CancellationToken cancellationToken)
    {
        await using Stream packed = input.OpenRead();
        await using Stream plain = input.Format.Packing switch
        {
            ImportPacking.Gzip => new GZipStream(packed, CompressionMode.Decompress),
            ImportPacking.Zlib => new ZLibStream(packed, CompressionMode.Decompress),
            ImportPacking.Zstd => new ZstdDecompressionStream(packed),
            _ => packed,
        };
        return await FillAsync(plain, input.Name, cancellationToken);
    }

    private async Task<SealedDatabase> ReadZipAsync(OpenedInput input, CancellationToken cancellationToken)
    {
        if (input.Handle is { } file)
        {
            return await ReadZipAsync(
                new PageSourceStream(new FilePages(file), RandomAccess.GetLength(file)), input.Name, cancellationToken);
        }

        using SealedDatabase copy = Create(sizeBytes: 0);
        await using Stream packed = input.OpenRead();
        await copy.FillAsync(
            new RoomCheckedStream(packed, scratch.Directory!, RoomCheckBytes, UnpackedBytesMax), cancellationToken);
        return await ReadZipAsync(new PageSourceStream(copy, copy.SizeBytes), input.Name, cancellationToken);
    }

    private async Task<SealedDatabase> ReadZipAsync(Stream archive, string name, CancellationToken cancellationToken)
    {
        if (ZipDirectory.CountEntries(archive) is > ZipEntriesMax and var count)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{name} contains {count} files; expected one.")
            {
                Hint = "Import each: unzip -p FILE NAME | etcd-backup-agent import --file - …",
            };
        }

        archive.Position = 0;
        using ZipArchive zip = new(archive, ZipArchiveMode.Read, leaveOpen: true);
        ZipArchiveEntry entry = zip.Entries.Count == 1
            ? zip.Entries[0]
            : throw new BackupException(FailureReason.InvalidInput, $"{name} is a zip archive without a file.");
        Require(entry, name);
        await using Stream plain = entry.Open();
        return await FillAsync(plain, name, cancellationToken);
    }

    /// <summary>
    /// Nothing is written by the name in the archive, but a name that leads out of a directory was not written by a
    /// program that makes snapshots.
    /// </summary>
    private static void Require(ZipArchiveEntry entry, string name)
    {
        if (entry.FullName.StartsWith('/')
            || entry.FullName.Contains('\\', StringComparison.Ordinal)
            || entry.FullName.Split('/').Contains("..", StringComparer.Ordinal))
        {
            throw new BackupException(
                FailureReason.InvalidInput,
                $"{name} contains a file with the name '{entry.FullName}', which leads out of a directory.");
        }

        if (entry.IsEncrypted)
        {
            throw new BackupException(FailureReason.InvalidInput, $"{name} is encrypted.")
            {
                Hint = "Unpack it with its password: unzip -p FILE | etcd-backup-agent import --file - …",
            };
        }
    }

    /// <summary>Steps 2 and 3.</summary>
    private async Task<SealedDatabase> FillAsync(Stream plain, string name, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[DatabaseHead.SizeBytes];
        int read = await plain.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        ReadOnlyMemory<byte> head = buffer.AsMemory(0, read);
        if (!DatabaseHead.IsDatabase(head.Span))
        {
            throw InputFormat.NotASnapshot($"The content of {name}", head.Span);
        }

        long statedBytes = DatabaseHead.FindStatedBytes(head.Span)
            ?? throw new BackupException(
                FailureReason.DataDamaged, $"{name} is damaged: neither of its first two pages is valid.");
        if (statedBytes > UnpackedBytesMax)
        {
            throw TooLarge(name, statedBytes, UnpackedBytesMax);
        }

        SealedDatabase database = Create(statedBytes + SnapshotTrailerCheck.TrailerSizeBytes);
        try
        {
            long bytesMax = statedBytes + SlackBytesMax;
            await using HeadStream whole = new(head, plain);
            await using LimitedStream limited = new(
                whole, bytesMax, () => TooLarge(name, statedBytes, bytesMax));
            await using ProgressStream reported = new(limited, "Reading", statedBytes, progress);
            await database.FillAsync(reported, cancellationToken);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    private SealedDatabase Create(long sizeBytes) =>
        SealedDatabase.TryCreate(scratch, sizeBytes, out string problem) ?? throw NoRoom(problem, inner: null);

    private static BackupException TooLarge(string name, long statedBytes, long bytesMax) => new(
        FailureReason.InvalidInput,
        $"{name} is too large: its database states a size of {statedBytes} bytes, and at most {bytesMax} are read.")
    {
        Hint = "If the file is not damaged, unpack it, and import the file that results.",
    };

    private static BackupException NoRoom(string problem, Exception? inner) => new(
        FailureReason.TargetUnusable,
        $"A snapshot from a stream or a packed file needs a scratch directory: {problem}.",
        inner)
    {
        Hint = "Choose another scratch directory.",
        Settings = [Setting.ScratchDirectory],
    };
}
