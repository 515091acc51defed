using System.Buffers;
using EtcdBackupAgent.Archive.Hashing;
using EtcdBackupAgent.Core.Artifacts;
using EtcdBackupAgent.Core.Databases;
using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Core.Transfers;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>
/// The database of an input, which can be read at any place, with etcd's trailer: that of the input, or an appended
/// one. Disposing removes the scratch file, if there is one.
/// </summary>
internal sealed class ImportedDatabase : IPageSource, IDisposable
{
    private const int ReadBufferBytes = 1 << 18;

    private readonly IPageSource _pages;
    private readonly SealedDatabase? _scratch;
    private readonly byte[] _trailer;

    private ImportedDatabase(
        IPageSource pages, SealedDatabase? scratch, long databaseBytes, byte[] trailer, Sha256Digest digest)
    {
        (_pages, _scratch, DatabaseBytes, _trailer, PlainSha256) = (pages, scratch, databaseBytes, trailer, digest);
    }

    /// <summary>The size of the database without its trailer.</summary>
    public long DatabaseBytes { get; }

    /// <summary>The size of the database and the trailer.</summary>
    public long PlainBytes => DatabaseBytes + _trailer.Length;

    /// <summary>The SHA-256 of the database and the trailer.</summary>
    public Sha256Digest PlainSha256 { get; }

    /// <summary>Whether the input had no trailer.</summary>
    public bool IsTrailerAppended { get; private init; }

    /// <summary>
    /// Opens the database of an input. A file that is not packed is read in place, everything else from a sealed
    /// scratch file.
    /// </summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/> or <see cref="FailureReason.DataDamaged"/> for the input,
    /// <see cref="FailureReason.TargetUnusable"/> for the scratch directory.
    /// </exception>
    public static async Task<ImportedDatabase> OpenAsync(
        OpenedInput input,
        ScratchSpace scratch,
        IProgress<TransferProgress> progress,
        CancellationToken cancellationToken)
    {
        if (input.Format.Packing is null && input.Handle is { } file)
        {
            return Digest(new FilePages(file), null, RandomAccess.GetLength(file), input.Name, cancellationToken);
        }

        SealedDatabase copy = await new UnpackedInput(scratch, progress).ReadAsync(input, cancellationToken);
        try
        {
            return Digest(copy, copy, copy.SizeBytes, input.Name, cancellationToken);
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void ReadExactly(Span<byte> bytes, long offset)
    {
        int ofDatabase = (int)Math.Clamp(DatabaseBytes - offset, 0, bytes.Length);
        _pages.ReadExactly(bytes[..ofDatabase], offset);
        if (ofDatabase < bytes.Length)
        {
            _trailer.AsSpan((int)(offset + ofDatabase - DatabaseBytes), bytes.Length - ofDatabase)
                .CopyTo(bytes[ofDatabase..]);
        }
    }

    /// <summary>Reads the database and the trailer; this stays open.</summary>
    public Stream OpenRead() => new PageSourceStream(this, PlainBytes);

    public void Dispose() => _scratch?.Dispose();

    /// <summary>Checks the trailer, or computes it if there is none.</summary>
    private static ImportedDatabase Digest(
        IPageSource pages, SealedDatabase? scratch, long sizeBytes, string name, CancellationToken cancellationToken)
    {
        bool hasTrailer = SnapshotTrailerCheck.HasTrailer(sizeBytes);
        if (!hasTrailer && !SnapshotTrailerCheck.IsDatabaseSize(sizeBytes))
        {
            throw new BackupException(
                FailureReason.DataDamaged,
                $"{name} is truncated: it has {sizeBytes} bytes, and neither ends with a whole page nor in etcd's "
                + "SHA-256.")
            {
                Hint = "Import another copy of the snapshot. Nothing was stored.",
            };
        }

        using SnapshotTrailerCheck check = new();
        Read(pages, sizeBytes, name, check, cancellationToken);
        if (!hasTrailer)
        {
            (byte[] computed, byte[] whole) = check.FinishWithoutTrailer();
            return new ImportedDatabase(pages, scratch, sizeBytes, computed, new Sha256Digest(whole))
            {
                IsTrailerAppended = true,
            };
        }

        if (check.Finish() != SnapshotTrailerResult.Valid)
        {
            throw new BackupException(
                FailureReason.DataDamaged, $"{name} does not match the SHA-256 that etcd appended to it.")
            {
                Hint = "The file was changed or cut after etcd wrote it. Import another copy. Nothing was stored.",
            };
        }

        byte[] trailer = new byte[SnapshotTrailerCheck.TrailerSizeBytes];
        pages.ReadExactly(trailer, sizeBytes - trailer.Length);
        return new ImportedDatabase(
            pages, scratch, sizeBytes - trailer.Length, trailer, new Sha256Digest(check.FinishWhole()));
    }

    private static void Read(
        IPageSource pages, long sizeBytes, string name, SnapshotTrailerCheck check, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBufferBytes);
        try
        {
            for (long offset = 0; offset < sizeBytes;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, sizeBytes - offset));
                pages.ReadExactly(part, offset);
                check.Append(part);
                offset += part.Length;
            }
        }
        catch (IOException e)
        {
            throw new BackupException(
                FailureReason.InvalidInput, $"{name} cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
