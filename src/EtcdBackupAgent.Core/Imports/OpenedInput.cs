using EtcdBackupAgent.Core.Failures;
using EtcdBackupAgent.Snapshots.Bolt;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.Imports;

/// <summary>An input that is open, and recognized by its first bytes. Disposing closes a file, not a stream.</summary>
internal sealed class OpenedInput : IDisposable
{
    private readonly Stream _source;
    private readonly FileStream? _opened;

    private OpenedInput(ImportInput input, FileStream? opened, ReadOnlyMemory<byte> head)
    {
        (Name, _source, _opened, Head) = (input.Name, opened ?? input.Content!, opened, head);
        Format = InputFormat.Recognize(head.Span, input.Name);
        if (opened is { CanSeek: true })
        {
            Handle = opened.SafeFileHandle;
            FileName = Path.GetFileName(input.Path);
            FileTime = new DateTimeOffset(File.GetLastWriteTimeUtc(Handle));
        }
    }

    /// <summary>What it is, for messages.</summary>
    public string Name { get; }

    public InputFormat Format { get; }

    /// <summary>The name of the file without its directories; null for a stream.</summary>
    public string? FileName { get; }

    /// <summary>The modification time of the file; null for a stream.</summary>
    public DateTimeOffset? FileTime { get; }

    /// <summary>The first bytes.</summary>
    public ReadOnlyMemory<byte> Head { get; }

    /// <summary>The file, if it can be read at any place; null for a stream or a pipe.</summary>
    public SafeFileHandle? Handle { get; }

    /// <summary>Opens an input and reads its first bytes.</summary>
    /// <exception cref="BackupException">
    /// <see cref="FailureReason.InvalidInput"/>: it cannot be read, or is not an etcd snapshot.
    /// </exception>
    public static async Task<OpenedInput> OpenAsync(ImportInput input, CancellationToken cancellationToken)
    {
        FileStream? opened = null;
        try
        {
            // Sharing for reading takes the lock that etcd's database is protected with while a member runs.
            opened = input.Path is { } path
                ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0)
                : null;
            Stream source = opened ?? input.Content!;
            byte[] head = new byte[DatabaseHead.SizeBytes];
            int read = await source.ReadAtLeastAsync(
                head, head.Length, throwOnEndOfStream: false, cancellationToken);
            return new OpenedInput(input, opened, head.AsMemory(0, read));
        }
        catch (Exception e)
        {
            opened?.Dispose();
            if (e is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                throw Unreadable(input, e);
            }

            throw;
        }
    }

    /// <summary>Returns the bytes from the beginning, once. It does not close the input.</summary>
    public Stream OpenRead() => new HeadStream(Head, _source);

    public void Dispose() => _opened?.Dispose();

    private static BackupException Unreadable(ImportInput input, Exception e) =>
        new(FailureReason.InvalidInput, $"{input.Name} cannot be read: {UnreadableFile.Why(input.Name, e)}.", e)
        {
            Hint = File.Exists(input.Path)
                ? "The database of a member can be imported only while the member is stopped; of a running one, "
                    + "'etcdctl snapshot save' makes a copy."
                : null,
        };
}
