using System.IO.Enumeration;

namespace EtcdBackupAgent.Objects.Selecting;

/// <summary>Names in which <c>*</c> stands for any characters, and <c>?</c> for one.</summary>
public sealed class NamePatterns(IEnumerable<string> patterns)
{
    /// <summary>No pattern.</summary>
    public static readonly NamePatterns None = new([]);

    private readonly string[] _patterns =
        [.. patterns.SelectMany(text => text.Split(',')).Select(text => text.Trim()).Where(text => text.Length > 0)];

    /// <summary>Whether there is no pattern.</summary>
    public bool IsEmpty => _patterns.Length == 0;

    /// <summary>The patterns that are names: without a wildcard.</summary>
    public IEnumerable<string> Exact => _patterns.Where(pattern => !HasWildcard(pattern));

    /// <summary>Whether each pattern is a name; true if there is none.</summary>
    public bool IsExact => !Array.Exists(_patterns, HasWildcard);

    /// <summary>Whether a name fits one of the patterns; false if there is none.</summary>
    public bool Matches(string name) =>
        Array.Exists(_patterns, pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', _patterns);

    private static bool HasWildcard(string pattern) => pattern.AsSpan().IndexOfAny('*', '?') >= 0;
}
