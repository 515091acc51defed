namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>How a field is encoded. Source: https://protobuf.dev/programming-guides/encoding/#structure</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    LengthDelimited = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}
