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
/// <para>The walk starts with the first read, on another thread.</para>
/// </remarks>
public sealed class DirectoryTarStream : ProducedStream
{
    private readonly DirectoryArchiver _archiver;

    private DirectoryTarStream(DirectoryArchiver archiver) => _archiver = archiver;

    /// <summary>The summary of what was archived.</summary>
    /// <exception cref="InvalidOperationException">The stream is not yet read to its end.</exception>
    public TarSummary Summary => Ended && _archiver.Summary is { } summary
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

        return new DirectoryTarStream(new DirectoryArchiver(path, onWarning));
    }

    /// <inheritdoc />
    protected override Task ProduceAsync(Stream target, CancellationToken cancellationToken) =>
        _archiver.WriteAsync(target, cancellationToken);
}
