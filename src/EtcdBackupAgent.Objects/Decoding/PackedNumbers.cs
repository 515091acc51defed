namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>A list of numbers in one field, as newer encoders write it.</summary>
internal ref struct PackedNumbers(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public ulong Current { get; private set; }

    /// <summary>Reads the next number; false at the end.</summary>
    /// <exception cref="DamagedObjectException">The bytes are not a number.</exception>
    public bool MoveNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        Current = WireReader.ReadVarint(_rest, out int length);
        _rest = _rest[length..];
        return true;
    }
}
