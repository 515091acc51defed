using EtcdBackupAgent.Archive.Posix;

namespace EtcdBackupAgent.Archive.Tar;

/// <summary>
/// The name of an entry, split into parts and checked: it stays below the directory it is extracted to. Without parts
/// it is that directory.
/// </summary>
internal sealed class EntryPath
{
    private const int ShownCharactersMax = 300;

    private EntryPath(string[] parts) => Parts = parts;

    public string[] Parts { get; }

    /// <summary>The relative path, with single slashes, without <c>.</c> and without a slash at the end.</summary>
    public string Relative => string.Join('/', Parts);

    public bool IsTop => Parts.Length == 0;

    /// <summary>The directories above the entry, outermost first, without the top and the entry itself.</summary>
    public IEnumerable<string> Parents => Enumerable.Range(1, Math.Max(0, Parts.Length - 1))
        .Select(count => string.Join('/', Parts.Take(count)));

    /// <summary>Splits and checks the name of an entry.</summary>
    /// <exception cref="ArchiveUnsafeException">The name is absolute, contains <c>..</c> or contains a NUL.</exception>
    public static EntryPath Parse(string name)
    {
        if (name.StartsWith('/'))
        {
            throw new ArchiveUnsafeException(name, "its name is absolute.");
        }

        if (name.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArchiveUnsafeException(name, "its name contains a NUL character.");
        }

        string[] parts = [.. name.Split('/').Where(part => part is not ("" or "."))];
        return parts.Contains("..", StringComparer.Ordinal)
            ? throw new ArchiveUnsafeException(name, "its name contains '..'.")
            : new EntryPath(parts);
    }

    /// <summary>
    /// Formats a name from an archive for a message: one line, no control characters, limited in length.
    /// </summary>
    public static string Shown(string name)
    {
        string cut = name.Length > ShownCharactersMax ? name[..ShownCharactersMax] : name;
        return $"'{FileName.Shown(cut)}{(name.Length > ShownCharactersMax ? "…" : "")}'";
    }
}
