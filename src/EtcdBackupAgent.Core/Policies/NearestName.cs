namespace EtcdBackupAgent.Core.Policies;

/// <summary>Suggests a known name for an unknown one.</summary>
public static class NearestName
{
    /// <summary>
    /// The number of single-character edits up to which a name counts as a typing error, not as another word.
    /// </summary>
    private const int EditsMax = 2;

    /// <summary>Returns the known name that is nearest to the given one, ignoring case; null if none is near.</summary>
    public static string? Of(string written, IEnumerable<string> known)
    {
        (string? nearest, int distance) = (null, int.MaxValue);
        foreach (string name in known)
        {
            int d = Distance(written.ToUpperInvariant(), name.ToUpperInvariant());
            if (d < distance)
            {
                (nearest, distance) = (name, d);
            }
        }

        // A name of three letters is two edits away from most others; a long name may contain more errors.
        int allowed = nearest is null ? 0 : Math.Max(Math.Min(EditsMax, nearest.Length / 3), nearest.Length / 5);
        return distance <= allowed ? nearest : null;
    }

    /// <summary>Returns the question to append to a message: <c>; did you mean 'x'?</c>, or an empty string.</summary>
    public static string Question(string written, IEnumerable<string> known) =>
        Of(written, known) is { } nearest ? $"; did you mean '{nearest}'?" : "";

    /// <summary>
    /// Counts insertions, deletions and replacements of one character, and swaps of two neighbours, each as one.
    /// </summary>
    private static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    d[i, j] = i + j;
                    continue;
                }

                int replaced = d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                d[i, j] = Math.Min(replaced, Math.Min(d[i - 1, j], d[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
