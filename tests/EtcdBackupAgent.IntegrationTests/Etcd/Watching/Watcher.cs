using EtcdBackupAgent.Core.Etcd;
using EtcdBackupAgent.Etcd;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.Bolt;
using EtcdBackupAgent.Snapshots.Revisions;
using EtcdBackupAgent.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Win32.SafeHandles;
using Xunit;
using ChangeRecord = EtcdBackupAgent.Snapshots.ChangeLog.StoredRecord;

namespace EtcdBackupAgent.IntegrationTests.Etcd.Watching;

/// <summary>
/// A watch of the agent, as a test reads it. It checks that the revisions are contiguous and that the changes of each
/// are numbered from 0.
/// </summary>
internal sealed class Watcher : IAsyncDisposable
{
    private readonly CancellationTokenSource _patience = new();
    private readonly IAsyncEnumerator<ChangeBatch> _changes;
    private readonly List<ChangeBatch> _batches = [];
    private readonly List<ChangeRecord> _records = [];
    private ChangeRecord _last;

    public Watcher(IWatchedMember member, long fromRevision)
    {
        _last = new ChangeRecord(fromRevision - 1, 0, false, default);
        _changes = member.WatchAsync(fromRevision, _patience.Token)
            .Skip(1)
            .GetAsyncEnumerator(CancellationToken.None);
    }

    public IReadOnlyList<ChangeBatch> Batches => _batches;

    public IReadOnlyList<ChangeRecord> Records => _records;

    public static TheoryData<string> Versions => [.. Peers.EtcdMatrix.Select(series => series.Version)];

    public static Task<IWatchedMember> ConnectAsync(EtcdConnection connection) =>
        new EtcdChangeSource(connection, TimeProvider.System, NullLogger<EtcdChangeSource>.Instance)
            .ConnectAsync(CancellationToken.None);

    /// <summary>A record as text that can be compared.</summary>
    public static string Text(ChangeRecord record) =>
        $"{record.Main}.{record.Sub}{(record.IsTombstone ? "t" : "")} {Convert.ToHexStringLower(record.Value.Span)}";

    /// <summary>The records in the bucket <c>key</c> of a snapshot file, from a revision on, as text.</summary>
    public static IReadOnlyList<string> StoredFrom(string file, long revision)
    {
        using SafeFileHandle handle = File.OpenHandle(file);
        RevisionReader reader = RevisionReader.OpenRequired(BoltDatabase.Open(
            handle, RandomAccess.GetLength(handle) - SnapshotTrailerCheck.TrailerSizeBytes));
        reader.MoveTo(revision);
        List<string> records = [];
        while (reader.MoveNext())
        {
            Assert.True(reader.TryRead(out RevisionEntry entry, out string? problem), problem);
            records.Add(Text(new ChangeRecord(
                entry.Key.Revision.Main, entry.Key.Revision.Sub, entry.Key.IsTombstone, entry.RawValue.ToArray())));
        }

        return records;
    }

    /// <summary>Reads until all changes up to a revision have arrived.</summary>
    public async Task ReadToAsync(long revision)
    {
        while (_last.Main < revision || _batches[^1].IsFragment)
        {
            await ReadAsync();
        }
    }

    /// <summary>Reads the next response.</summary>
    public async Task ReadAsync()
    {
        _patience.CancelAfter(TestDeadline.Patience);
        Assert.True(await _changes.MoveNextAsync());
        foreach (ChangeRecord record in _changes.Current.Records)
        {
            (long Main, long Sub) expected =
                record.Main == _last.Main ? (_last.Main, _last.Sub + 1) : (_last.Main + 1, 0);
            Assert.Equal(expected, (record.Main, record.Sub));
            _last = record;
        }

        _records.AddRange(_changes.Current.Records);
        _batches.Add(_changes.Current);
    }

    /// <summary>Reads until the watch fails with an exception of this type.</summary>
    public Task<TException> FailAsync<TException>()
        where TException : Exception => Assert.ThrowsAsync<TException>(async () =>
        {
            while (true)
            {
                await ReadAsync();
            }
        });

    public async ValueTask DisposeAsync()
    {
        await _changes.DisposeAsync();
        _patience.Dispose();
    }
}
