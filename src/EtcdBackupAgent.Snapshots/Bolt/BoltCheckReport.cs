namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>What walking over every page of a bbolt file showed.</summary>
internal sealed record BoltCheckReport
{
    /// <summary>What is wrong, each beginning with its page; at most as many as were asked for.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>How many problems there are in all.</summary>
    public required long ProblemCount { get; init; }

    /// <summary>Pages that belong to the metas, the freelist and the buckets.</summary>
    public required ulong PagesUsed { get; init; }

    /// <summary>Pages below the high-water mark that may be used again.</summary>
    public required ulong PagesFree { get; init; }
}
