namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>The result of checking every page of a bbolt file.</summary>
internal sealed record BoltCheckReport
{
    /// <summary>The problems, each beginning with its page; at most as many as were requested.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>The total number of problems.</summary>
    public required long ProblemCount { get; init; }

    /// <summary>The number of pages that belong to the metas, the freelist and the buckets.</summary>
    public required ulong PagesUsed { get; init; }

    /// <summary>The number of pages below the high-water mark that may be reused.</summary>
    public required ulong PagesFree { get; init; }
}
