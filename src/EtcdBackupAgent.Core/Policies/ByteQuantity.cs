using System.Globalization;

namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// A number of bytes as a Kubernetes quantity: a whole number with one of the units k, M, G, Ki, Mi, Gi, or with none.
/// Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/. Fractions and exponents
/// are not accepted: they have no use for a limit in bytes.
/// </summary>
public static class ByteQuantity
{
    private const int DigitsMax = 9;

    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("Ki", 1L << 10),
        ("Mi", 1L << 20),
        ("Gi", 1L << 30),
        ("k", 1000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("", 1),
    ];

    /// <summary>Parses a quantity; null if the text is not one, or has more than nine digits.</summary>
    public static long? Parse(string text)
    {
        (string unit, long bytes) = Units.First(unit => text.EndsWith(unit.Unit, StringComparison.Ordinal));
        ReadOnlySpan<char> number = text.AsSpan(0, text.Length - unit.Length);
        return number.Length <= DigitsMax
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
                ? value * bytes
                : null;
    }
}
