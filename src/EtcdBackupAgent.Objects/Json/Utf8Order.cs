namespace EtcdBackupAgent.Objects.Json;

/// <summary>The order of texts by their UTF-8 bytes, in which Go sorts names.</summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    private Utf8Order()
    {
    }

    public int Compare(string? x, string? y)
    {
        int equal = x.AsSpan().CommonPrefixLength(y);
        return equal == x!.Length || equal == y!.Length
            ? x.Length.CompareTo(y!.Length)
            : Rank(x[equal]).CompareTo(Rank(y[equal]));
    }

    /// <summary>Surrogates encode the characters after U+FFFF, but are themselves before U+E000.</summary>
    private static int Rank(char c) => char.IsSurrogate(c) ? c + char.MaxValue : c;
}
