namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>Which member of which cluster a data directory is to be for. All members' plans differ in name and URLs only.</summary>
public sealed record RestorePlan
{
    /// <summary>
    /// A step that no cluster makes between a backup and its restore: at 1,000 writes a second it takes eleven days.
    /// </summary>
    public const long RevisionBumpDefault = 1_000_000_000;

    /// <summary>etcd's own default of <c>--quota-backend-bytes</c>.</summary>
    public const long QuotaBackendBytesDefault = 2L << 30;

    /// <summary>The member that this directory is for.</summary>
    public required string Name { get; init; }

    public required InitialCluster Cluster { get; init; }

    /// <summary>
    /// Goes into all ids, so that members of different clusters on the same hosts do not talk to each other. Null until
    /// the snapshot is known that it is derived from (<see cref="ClusterToken.Derive"/>).
    /// </summary>
    public string? Token { get; init; }

    /// <summary>Where the others reach the member; the same as in <see cref="Cluster"/>.</summary>
    public required IReadOnlyList<string> AdvertisePeerUrls { get; init; }

    /// <summary>
    /// How much to raise the revision, so that no client ever saw a higher one than the restored cluster's; all revisions
    /// before count as compacted then. Null leaves the revision as it is.
    /// </summary>
    public long? RevisionBump { get; init; }

    /// <summary>Bytes that the database may have before etcd refuses writes.</summary>
    public long QuotaBackendBytes { get; init; } = QuotaBackendBytesDefault;

    /// <summary>Checks what etcd checks when it starts a new cluster (<c>VerifyBootstrap</c>).</summary>
    /// <exception cref="ArgumentException">Something does not fit; the message names flag, value and what would fit.</exception>
    public void Validate()
    {
        InitialMember member = Cluster.Members.FirstOrDefault(candidate => candidate.Name == Name)
            ?? throw new ArgumentException(
                $"--name '{Name}' is not in --initial-cluster, which has "
                + $"{string.Join(", ", Cluster.Members.Select(candidate => $"'{candidate.Name}'"))}.");
        string? repeated = Cluster.Members.SelectMany(candidate => candidate.PeerUrls)
            .GroupBy(url => url, StringComparer.Ordinal)
            .FirstOrDefault(group => group.Count() > 1)?.Key;
        if (repeated is not null)
        {
            throw new ArgumentException($"--initial-cluster has {repeated} more than once; every URL belongs to one member.");
        }

        IReadOnlyList<string> advertised = AdvertisedUrls();
        if (!advertised.SequenceEqual(member.PeerUrls, StringComparer.Ordinal))
        {
            throw new ArgumentException(
                $"--initial-advertise-peer-urls is {string.Join(',', advertised)}, and --initial-cluster has for '{Name}' "
                + $"{string.Join(',', member.PeerUrls)}; both must be the same.");
        }

        if (RevisionBump is <= 0)
        {
            throw new ArgumentException($"--bump-revision is {RevisionBump}, and must be 1 or more.");
        }
    }

    /// <summary>The ids of the cluster and of its members.</summary>
    /// <exception cref="InvalidOperationException">The plan has no token yet.</exception>
    public ClusterIds Ids()
    {
        RaftCluster cluster = RaftCluster.Of(this);
        return new ClusterIds(cluster.Id, [.. cluster.Members.Select(member => member.Id)]);
    }

    private IReadOnlyList<string> AdvertisedUrls()
    {
        try
        {
            return PeerUrl.Sorted(AdvertisePeerUrls.Select(PeerUrl.Parse));
        }
        catch (FormatException e)
        {
            throw new ArgumentException($"--initial-advertise-peer-urls: {e.Message}", e);
        }
    }
}
