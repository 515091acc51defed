namespace EtcdBackupAgent.Bench.Comparing;

internal static class Variables
{
    /// <summary>
    /// Merges the variables of several servers and keys. Of two with the same name the later one is used.
    /// </summary>
    public static IReadOnlyDictionary<string, string?> Of(params IReadOnlyDictionary<string, string?>[] parts)
    {
        Dictionary<string, string?> all = new(StringComparer.Ordinal);
        foreach ((string name, string? value) in parts.SelectMany(part => part))
        {
            all[name] = value;
        }

        return all;
    }
}
