using System.IO.Pipelines;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// Reads a directory as a pax archive (POSIX.1-2001): the top directory as <c>./</c>, then everything below it in the
/// ordinal order of names, each directory before its content.
/// </summary>
/// <remarks>
/// The archive stores names with any bytes, contents, modes, owners (numbers and local names), modification times in
/// nanoseconds, empty directories, and symbolic links, which are never followed. Several hard links to one file become
/// independent files. Sockets, devices, FIFOs and entries that are removed between listing and reading are skipped with
/// a warning. Any other entry that cannot be read fails the archive.
/// <para>The walk starts with the first read, on another thread, and is at most <see cref="AheadBytesMax"/> ahead of
/// the reader.</para>
/// </remarks>
public sealed class DirectoryTarStream : PullStream
{
    /// <summary>The most bytes of the archive that are produced ahead of the reader.</summary>
    public const int AheadBytesMax = 256 * 1024;

    private readonly Pipe _pipe;
    private readonly DirectoryArchiver _archiver;
    private readonly CancellationTokenSource _stop = new();
    private Task? _walk;
    private bool _ended;

    private DirectoryTarStream(DirectoryArchiver archiver, Pipe pipe)
        : base(pipe.Reader.AsStream())
    {
        _pipe = pipe;
        _archiver = archiver;
    }

    /// <summary>The summary of what was archived.</summary>
    /// <exception cref="InvalidOperationException">The stream is not yet read to its end.</exception>
    public TarSummary Summary => _ended && _archiver.Summary is { } summary
        ? summary
        : throw new InvalidOperationException("The summary is available only at the end of the stream.");

    /// <summary>Checks that the directory exists; reads nothing else yet.</summary>
    /// <param name="directory">The directory to archive. If it is a symbolic link, the link is followed.</param>
    /// <param name="onWarning">
    /// Receives one sentence for each entry that is skipped or truncated. Called on the thread of the walk.
    /// </param>
    /// <exception cref="DirectoryReadException">
    /// The path does not exist or is not a directory. A later read can throw this too; it then names the file that
    /// cannot be read.
    /// </exception>
    public static DirectoryTarStream Open(string directory, Action<string> onWarning)
    {
        string path = RealPath.Absolute(directory);
        if (!Directory.Exists(path))
        {
            throw new DirectoryReadException(
                path, File.Exists(path) ? "it is a file, not a directory." : "it does not exist.");
        }

        PipeOptions options = new(
            pauseWriterThreshold: AheadBytesMax,
            resumeWriterThreshold: AheadBytesMax / 2,
            useSynchronizationContext: false);
        return new DirectoryTarStream(new DirectoryArchiver(path, onWarning), new Pipe(options));
    }

    /// <inheritdoc />
    protected override int Pull(Span<byte> buffer)
    {
        Start();
        int bytes = Source.Read(buffer);
        _ended = bytes == 0;
        return bytes;
    }

    /// <inheritdoc />
    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Start();
        int bytes = await Source.ReadAsync(buffer, cancellationToken);
        _ended = bytes == 0;
        return bytes;
    }

    /// <inheritdoc />
    protected override void Release() => ReleaseAsync().AsTask().GetAwaiter().GetResult();

    /// <inheritdoc />
    protected override async ValueTask ReleaseAsync()
    {
        // Complete the reader first: otherwise the walk would wait for a reader forever.
        await _pipe.Reader.CompleteAsync();
        await _stop.CancelAsync();
        if (_walk is not null)
        {
            await _walk;
        }

        _stop.Dispose();
    }

    /// <summary>
    /// Starts the walk. It outlives the read that starts it: disposing the stream stops it, not the token of that read.
    /// </summary>
    private void Start() => _walk ??= Task.Run(WalkAsync, CancellationToken.None);

    /// <summary>Never throws: the reader of the pipe gets the exception.</summary>
    private async Task WalkAsync()
    {
        try
        {
            await _archiver.WriteAsync(_pipe.Writer.AsStream(leaveOpen: true), _stop.Token);
            await _pipe.Writer.CompleteAsync();
        }
        catch (Exception e)
        {
            await _pipe.Writer.CompleteAsync(e);
        }
    }
}
