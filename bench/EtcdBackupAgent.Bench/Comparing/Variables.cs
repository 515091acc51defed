namespace EtcdBackupAgent.Bench.Comparing;

internal static class Variables
{
    /// <summary>Those of several servers and keys in one; of two with one name the later one counts.</summary>
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
