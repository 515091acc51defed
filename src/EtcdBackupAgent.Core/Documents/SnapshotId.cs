using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// The short name of a snapshot for use on the command line: 8 lower-case hexadecimal digits
/// (<c>docs/spec/repository.md</c>).
/// </summary>
public readonly record struct SnapshotId
{
    /// <summary>Characters in an ID.</summary>
    public const int Length = 8;

    private readonly string? _value;

    private SnapshotId(string value) => _value = value;

    /// <summary>The 8 digits.</summary>
    /// <exception cref="InvalidOperationException">The ID is <c>default</c>.</exception>
    public string Value => _value ?? throw new InvalidOperationException("default(SnapshotId) is not a snapshot ID.");

    /// <summary>Returns a random ID. The repository checks whether it is free.</summary>
    public static SnapshotId New() => new(RandomNumberGenerator.GetHexString(Length, lowercase: true));

    /// <summary>Whether the text is an ID. Upper-case digits are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SnapshotId id)
    {
        bool valid = text is { Length: Length } && text.All(char.IsAsciiHexDigitLower);
        id = valid ? new SnapshotId(text!) : default;
        return valid;
    }

    /// <summary>Returns <see cref="Value"/>.</summary>
    public override string ToString() => Value;
}
