using System.IO.Pipelines;
using EtcdBackupAgent.Archive.Posix;
using EtcdBackupAgent.Archive.Streams;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// Reading gives a directory as a pax archive (POSIX.1-2001): the top directory as <c>./</c>, then everything below it in the
/// ordinal order of names, a directory before its content.
/// </summary>
/// <remarks>
/// Kept: names, whatever their bytes, contents, modes, owners (numbers and local names), modification times to the
/// nanosecond, empty directories, and symbolic
/// links as links, never followed. Several hard links to one file become independent files. Sockets, devices, fifos and
/// what vanishes between being listed and being read are skipped with a warning. Whatever else cannot be read fails the archive.
/// <para>The walk starts with the first read, on another thread, and stays at most <see cref="AheadBytesMax"/> ahead.</para>
/// </remarks>
public sealed class DirectoryTarStream : PullStream
{
    /// <summary>Bytes of the archive that are made before somebody reads them.</summary>
    public const int AheadBytesMax = 256 * 1024;

    private readonly Pipe _pipe;
    private readonly DirectoryArchiver _archiver;
    private readonly CancellationTokenSource _stop = new();
    private Task? _walk;
    private bool _ended;

    private DirectoryTarStream(DirectoryArchiver archiver, Pipe pipe)
        : base(pipe.Reader.AsStream(), leaveOpen: false)
    {
        _pipe = pipe;
        _archiver = archiver;
    }

    /// <summary>What was archived.</summary>
    /// <exception cref="InvalidOperationException">The archive was not read to its end.</exception>
    public TarSummary Summary => _ended && _archiver.Summary is { } summary
        ? summary
        : throw new InvalidOperationException("What was archived is known only at the end of the stream.");

    /// <summary>Reads nothing yet but that the directory is there.</summary>
    /// <param name="directory">The directory whose content is archived; a symbolic link to one is followed.</param>
    /// <param name="onWarning">Takes a sentence about each thing that is skipped or cut; called on the thread of the walk.</param>
    /// <exception cref="DirectoryReadException">
    /// The directory is missing or no directory. Reading fails with it too, naming the file that cannot be read.
    /// </exception>
    public static DirectoryTarStream Open(string directory, Action<string> onWarning)
    {
        string path = RealPath.Absolute(directory);
        if (!Directory.Exists(path))
        {
            throw new DirectoryReadException(
                path, File.Exists(path) ? "it is a file, not a directory." : "there is no such directory.");
        }

        PipeOptions options = new(
            pauseWriterThreshold: AheadBytesMax, resumeWriterThreshold: AheadBytesMax / 2, useSynchronizationContext: false);
        return new DirectoryTarStream(new DirectoryArchiver(path, onWarning), new Pipe(options));
    }

    protected override int Pull(Span<byte> buffer)
    {
        Start();
        int bytes = Source.Read(buffer);
        _ended = bytes == 0;
        return bytes;
    }

    protected override async ValueTask<int> PullAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        Start();
        int bytes = await Source.ReadAsync(buffer, cancellationToken);
        _ended = bytes == 0;
        return bytes;
    }

    protected override void Release() => ReleaseAsync().AsTask().GetAwaiter().GetResult();

    protected override async ValueTask ReleaseAsync()
    {
        // Nobody reads any more: else the walk would wait for a reader.
        await _pipe.Reader.CompleteAsync();
        await _stop.CancelAsync();
        if (_walk is not null)
        {
            await _walk;
        }

        _stop.Dispose();
    }

    /// <summary>The walk outlives the read that starts it: the stream's end stops it, not that read's token.</summary>
    private void Start() => _walk ??= Task.Run(WalkAsync, CancellationToken.None);

    /// <summary>Never throws: the reader of the pipe gets the exception, if there is still one.</summary>
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
