using System.Buffers;
using System.Text;
using EtcdBackupAgent.Snapshots;
using EtcdBackupAgent.Snapshots.KeySpaces;
using Microsoft.Win32.SafeHandles;

namespace EtcdBackupAgent.Core.ObjectLines;

/// <summary>
/// Reads objects in a file of lines by the keys that they would have in etcd. Memory depends on the number of selected
/// keys alone.
/// </summary>
/// <param name="file">The file, open for random access. It must stay open.</param>
/// <param name="sizeBytes">The size of the file.</param>
/// <param name="revision">The revision that the manifest has.</param>
internal sealed class ObjectLineReader(SafeFileHandle file, long sizeBytes, long revision) : IKeyReader
{
    /// <inheritdoc/>
    public long Revision => revision;

    /// <inheritdoc/>
    public IReadOnlyList<FoundKey> Find(KeyFilter filter, CancellationToken cancellationToken)
    {
        List<LineKey> found = [];
        Scan(
            (scanner, line) =>
            {
                byte[] key = Encoding.UTF8.GetBytes(line.Key);
                if (filter(key))
                {
                    found.Add(new LineKey(key, line.Revision, scanner.Offset + line.Start, line.Length));
                }
            },
            cancellationToken);
        found.Sort(static (one, other) => one.Key.Span.SequenceCompareTo(other.Key.Span));
        return found;
    }

    /// <inheritdoc/>
    public FoundValue ReadValue(FoundKey key, ArrayBufferWriter<byte> buffer)
    {
        LineKey place = (LineKey)key;
        buffer.ResetWrittenCount();
        while (buffer.WrittenCount < place.Length)
        {
            int missing = place.Length - buffer.WrittenCount;
            int bytes = RandomAccess.Read(
                file, buffer.GetSpan(missing)[..missing], place.Offset + buffer.WrittenCount);
            buffer.Advance(bytes > 0 ? bytes : throw new SnapshotDamagedException("the file became shorter"));
        }

        return new FoundValue(buffer.WrittenMemory, place.ModRevision, CreateRevision: 0, Lease: 0);
    }

    /// <summary>Reads the whole file, and checks that each line is JSON and that no line is missing.</summary>
    /// <returns>The number of objects.</returns>
    /// <exception cref="SnapshotDamagedException">The file is damaged.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public long Check(CancellationToken cancellationToken) =>
        Scan((scanner, _) => ObjectLineFormat.RequireJson(scanner.Line, scanner.Number), cancellationToken);

    private long Scan(Action<LineScanner, ObjectLine> onObject, CancellationToken cancellationToken)
    {
        LineScanner scanner = new(file, sizeBytes);
        if (!scanner.MoveNext())
        {
            throw new SnapshotDamagedException("the objects are empty");
        }

        ObjectLineFormat.RequireHeader(scanner.Line);
        long objects = 0;
        while (scanner.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (ObjectLineFormat.ReadEnd(scanner.Line, scanner.Number) is { } expected)
            {
                return expected != objects
                    ? throw new SnapshotDamagedException($"it has {objects} objects, and should have {expected}")
                    : scanner.MoveNext()
                    ? throw new SnapshotDamagedException($"line {scanner.Number}: it is behind the last line")
                    : objects;
            }

            onObject(scanner, ObjectLineFormat.ReadObject(scanner.Line, scanner.Number));
            objects++;
        }

        throw new SnapshotDamagedException("the last line is missing");
    }

    private sealed class LineKey(byte[] key, long revision, long offset, int length) : FoundKey(key)
    {
        public override long ModRevision => revision;

        public long Offset => offset;

        public int Length => length;

        public override int ValueBytesMax => length;
    }
}
