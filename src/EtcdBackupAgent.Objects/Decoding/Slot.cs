namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>Where a field is in the bytes of its message.</summary>
internal struct Slot
{
    /// <summary>How often the field occurs.</summary>
    public int Count;

    /// <summary>The position of the first occurrence.</summary>
    public int First;

    /// <summary>The position of the end of the last occurrence.</summary>
    public int End;

    /// <summary>The position and the length of the last value.</summary>
    public int ValueStart;

    public int Length;

    /// <summary>The last value, if it is a number.</summary>
    public ulong Varint;
}
