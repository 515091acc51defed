using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Decoding;

/// <summary>What became of the bytes of one object.</summary>
public enum DecodeOutcome
{
    /// <summary>The JSON has all that the bytes have.</summary>
    Decoded,

    /// <summary>The bytes have fields that the table does not have. The JSON is valid, and lacks them.</summary>
    DecodedInPart,

    /// <summary>The table does not have the kind. There is no JSON.</summary>
    UnknownKind,

    /// <summary>The bytes are not the message of the kind. There is no JSON.</summary>
    Damaged,
}

/// <summary>The result of decoding one object.</summary>
public sealed record Decoded
{
    public required DecodeOutcome Outcome { get; init; }

    /// <summary>The kind that the envelope names; null if the envelope itself is damaged.</summary>
    public GroupVersionKind? Kind { get; init; }

    /// <summary>The first fields that were not understood; <see cref="UnknownFieldCount"/> counts all.</summary>
    public IReadOnlyList<UnknownField> UnknownFields { get; init; } = [];

    public int UnknownFieldCount { get; init; }

    /// <summary>Why there is no JSON, without a value of the object; null if there is.</summary>
    public string? Problem { get; init; }
}
