namespace EtcdBackupAgent.Tests.Snapshots.Bolt;

/// <summary>A bucket that is written or was read. Equal buckets have equal elements.</summary>
internal sealed record WrittenBucket(string Name, ulong Sequence, IReadOnlyList<(byte[] Key, byte[] Value)> Elements)
{
    public bool Equals(WrittenBucket? other) =>
        other is not null
        && Name == other.Name
        && Sequence == other.Sequence
        && Elements.Count == other.Elements.Count
        && Elements.Zip(other.Elements).All(pair =>
            pair.First.Key.AsSpan().SequenceEqual(pair.Second.Key)
            && pair.First.Value.AsSpan().SequenceEqual(pair.Second.Value));

    public override int GetHashCode() => HashCode.Combine(Name, Sequence, Elements.Count);
}
