using System.Buffers;
using EtcdBackupAgent.Objects.Json;
using EtcdBackupAgent.Objects.Tables;

namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>
/// The entries of a map, sorted by key. An entry is a message with the key as field 1 and the value as field 2. If a
/// key occurs twice, the last entry counts.
/// </summary>
internal ref struct MapEntries
{
    private readonly Entry[] _entries;

    private MapEntries(Entry[] entries, int count)
    {
        _entries = entries;
        Count = count;
    }

    public int Count { get; private set; }

    /// <summary>Reads the entries of a field.</summary>
    /// <exception cref="DamagedObjectException">An entry is damaged.</exception>
    public static MapEntries Read(ReadOnlySpan<byte> bytes, Field field, Slot slot, MessageDecoder decoder)
    {
        MapEntries map = new(ArrayPool<Entry>.Shared.Rent(slot.Count), 0);
        WireReader entries = new(bytes[..slot.End]);
        entries.Seek(slot.First);
        bool isSorted = true;
        while (entries.MoveNext())
        {
            if (entries.Number == field.Number)
            {
                map._entries[map.Count++] = ReadEntry(entries, field, map.Count, decoder);
                isSorted &= map.Count < 2
                    || GoText.Compare(map.Key(bytes, map.Count - 2), map.Key(bytes, map.Count - 1)) < 0;
            }
        }

        if (!isSorted)
        {
            map.Sort(bytes);
        }

        return map;
    }

    public readonly ReadOnlySpan<byte> Key(ReadOnlySpan<byte> bytes, int index) =>
        bytes.Slice(_entries[index].KeyStart, _entries[index].KeyLength);

    /// <summary>The value; empty if it is absent.</summary>
    public readonly ReadOnlySpan<byte> Value(ReadOnlySpan<byte> bytes, int index) =>
        bytes.Slice(_entries[index].ValueStart, _entries[index].ValueLength);

    /// <summary>The value, if it is a number.</summary>
    public readonly ulong Varint(int index) => _entries[index].Varint;

    public readonly void Dispose() => ArrayPool<Entry>.Shared.Return(_entries);

    private static Entry ReadEntry(WireReader entry, Field field, int order, MessageDecoder decoder)
    {
        bool isNumber = field.Type is FieldType.Bool or FieldType.Int32 or FieldType.Int64;
        Entry read = new() { Order = order };
        WireReader fields = new(entry.Value);
        while (fields.MoveNext())
        {
            switch (fields.Number)
            {
                case 1:
                    fields.Require(WireType.LengthDelimited, "a map");
                    read.KeyStart = entry.ValueStart + fields.ValueStart;
                    read.KeyLength = fields.Length;
                    break;
                case 2:
                    fields.Require(isNumber ? WireType.Varint : WireType.LengthDelimited, "a map");
                    read.ValueStart = isNumber ? 0 : entry.ValueStart + fields.ValueStart;
                    read.ValueLength = isNumber ? 0 : fields.Length;
                    read.Varint = fields.Varint;
                    break;
                default:
                    decoder.AddUnknown("a map", fields);
                    break;
            }
        }

        return read;
    }

    /// <summary>Sorts by key, then by order, and keeps the last entry of each key.</summary>
    private void Sort(ReadOnlySpan<byte> bytes)
    {
        // A comparison that is a delegate cannot use a span.
        byte[] copy = bytes.ToArray();
        _entries.AsSpan(0, Count).Sort((x, y) =>
        {
            int order = GoText.Compare(copy.AsSpan(x.KeyStart, x.KeyLength), copy.AsSpan(y.KeyStart, y.KeyLength));
            return order != 0 ? order : x.Order.CompareTo(y.Order);
        });
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            if (i + 1 == Count || !Key(bytes, i).SequenceEqual(Key(bytes, i + 1)))
            {
                _entries[kept++] = _entries[i];
            }
        }

        Count = kept;
    }

    private struct Entry
    {
        public int KeyStart;
        public int KeyLength;
        public int ValueStart;
        public int ValueLength;
        public ulong Varint;
        public int Order;
    }
}
