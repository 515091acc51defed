using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>The name of an entry, taken apart and found to stay below the directory it is extracted to; no parts: that directory.</summary>
internal sealed class EntryPath
{
    private const int ShownCharactersMax = 300;

    private EntryPath(string[] parts) => Parts = parts;

    public string[] Parts { get; }

    /// <summary>Relative, with single slashes, no <c>.</c> and no slash at the end.</summary>
    public string Relative => string.Join('/', Parts);

    public bool IsTop => Parts.Length == 0;

    /// <summary>The directories that lead here, from the top; neither the top nor the entry itself among them.</summary>
    public IEnumerable<string> Parents => Enumerable.Range(1, Math.Max(0, Parts.Length - 1))
        .Select(count => string.Join('/', Parts.Take(count)));

    /// <exception cref="ArchiveUnsafeException">The name is absolute, goes upwards, or is none a file can have.</exception>
    /// <inheritdoc cref="EntryPath" path="/summary"/>
    public static EntryPath Parse(string name)
    {
        if (name.StartsWith('/'))
        {
            throw new ArchiveUnsafeException(name, "its name is absolute.");
        }

        if (name.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArchiveUnsafeException(name, "its name has a NUL character.");
        }

        string[] parts = [.. name.Split('/').Where(part => part is not ("" or "."))];
        return parts.Contains("..", StringComparer.Ordinal)
            ? throw new ArchiveUnsafeException(name, "its name goes upwards with '..'.")
            : new EntryPath(parts);
    }

    /// <summary>A name from an archive as a message may show it: one line, no control characters, not endless.</summary>
    public static string Shown(string name)
    {
        string cut = name.Length > ShownCharactersMax ? name[..ShownCharactersMax] : name;
        return $"'{FileName.Shown(cut)}{(name.Length > ShownCharactersMax ? "…" : "")}'";
    }
}
