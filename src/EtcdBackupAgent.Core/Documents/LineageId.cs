using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace EtcdBackupAgent.Core.Documents;

/// <summary>
/// The name of a lineage of a change log: 8 lower-case hexadecimal digits (<c>docs/spec/change-log.md</c>).
/// </summary>
public readonly record struct LineageId
{
    private const int Length = 8;

    private readonly string? _value;

    private LineageId(string value) => _value = value;

    /// <summary>The 8 digits.</summary>
    /// <exception cref="InvalidOperationException">The ID is <c>default</c>.</exception>
    public string Value => _value ?? throw new InvalidOperationException("default(LineageId) is not a lineage.");

    /// <summary>Returns a random ID. The caller checks whether it is free.</summary>
    public static LineageId New() => new(RandomNumberGenerator.GetHexString(Length, lowercase: true));

    /// <summary>Whether the text is an ID. Upper-case digits are refused.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out LineageId id)
    {
        bool valid = text is { Length: Length } && text.All(char.IsAsciiHexDigitLower);
        id = valid ? new LineageId(text!) : default;
        return valid;
    }

    /// <summary>Returns <see cref="Value"/>.</summary>
    public override string ToString() => Value;
}
