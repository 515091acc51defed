using EtcdBackupAgent.Archive.Streams;
using EtcdBackupAgent.Snapshots.Bolt;

namespace EtcdBackupAgent.Snapshots.Changes;

/// <summary>
/// Reads what changed in a database since its base as a stream of bytes (<c>docs/spec/increments.md</c>). The database
/// is read on another thread, from the first read of the stream on.
/// </summary>
/// <remarks>
/// A read throws <see cref="ChangesRefusedException"/> if the format cannot describe the database,
/// <see cref="SnapshotDamagedException"/> if a page is damaged, and <see cref="IOException"/> if the database cannot be
/// read.
/// </remarks>
public sealed class ChangesStream : ProducedStream
{
    private readonly BoltDatabase _database;
    private readonly ChangesBase _base;
    private ChangesSummary? _summary;

    private ChangesStream(BoltDatabase database, ChangesBase @base) => (_database, _base) = (database, @base);

    /// <summary>The summary of what was written.</summary>
    /// <exception cref="InvalidOperationException">The stream is not yet read to its end.</exception>
    public ChangesSummary Summary => Ended && _summary is { } summary
        ? summary
        : throw new InvalidOperationException("The summary is available only at the end of the stream.");

    /// <summary>Opens the database; reads only its metas yet.</summary>
    /// <param name="pages">The database. It is read until the stream is disposed.</param>
    /// <param name="databaseBytes">The size of the database, without etcd's trailer.</param>
    /// <param name="base">The full snapshot to which the changes belong.</param>
    /// <exception cref="ArgumentException">The base is not valid.</exception>
    /// <exception cref="SnapshotDamagedException">The metas are damaged.</exception>
    /// <exception cref="IOException">The database cannot be read.</exception>
    public static ChangesStream Open(IPageSource pages, long databaseBytes, ChangesBase @base)
    {
        @base.Validate();
        return new ChangesStream(BoltDatabase.Open(pages, databaseBytes), @base);
    }

    /// <inheritdoc/>
    protected override async Task ProduceAsync(Stream target, CancellationToken cancellationToken)
    {
        using ChangesWriter writer = new(_database, _base, target);
        _summary = await writer.WriteAsync(cancellationToken);
    }
}
