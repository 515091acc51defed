namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The member and the cluster that a data directory is created for. The plans of the members of one cluster differ only
/// in name and URLs.
/// </summary>
public sealed record RestorePlan
{
    /// <summary>
    /// The default for <see cref="RevisionBump"/>. A cluster does not make this many revisions between a backup and its
    /// restore: at 1,000 writes per second it takes eleven days.
    /// </summary>
    public const long RevisionBumpDefault = 1_000_000_000;

    /// <summary>etcd's default for <c>--quota-backend-bytes</c>.</summary>
    public const long QuotaBackendBytesDefault = 2L << 30;

    /// <summary>The member that this directory is for.</summary>
    public required string Name { get; init; }

    /// <summary>All members of the new cluster, this one included.</summary>
    public required InitialCluster Cluster { get; init; }

    /// <summary>
    /// The cluster token. All ids depend on it, so members of different clusters on the same hosts do not join each
    /// other. Null until it is derived from the snapshot (<see cref="ClusterToken.Derive"/>).
    /// </summary>
    public string? Token { get; init; }

    /// <summary>The URLs at which the other members reach this member; the same as in <see cref="Cluster"/>.</summary>
    public required IReadOnlyList<string> AdvertisePeerUrls { get; init; }

    /// <summary>
    /// The number by which the revision is raised, so that no client has seen a higher revision than that of the
    /// restored cluster. All earlier revisions then count as compacted. If null, the revision is not changed.
    /// </summary>
    public long? RevisionBump { get; init; }

    /// <summary>The database size in bytes at which etcd refuses writes.</summary>
    public long QuotaBackendBytes { get; init; } = QuotaBackendBytesDefault;

    /// <summary>Checks the plan as etcd does when it starts a new cluster (<c>VerifyBootstrap</c>).</summary>
    /// <exception cref="ArgumentException">
    /// A value is not valid. The message contains the flag, the value and what is expected.
    /// </exception>
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
            throw new ArgumentException(
                $"--initial-cluster has {repeated} more than once; each URL must belong to one member.");
        }

        IReadOnlyList<string> advertised = AdvertisedUrls();
        if (!advertised.SequenceEqual(member.PeerUrls, StringComparer.Ordinal))
        {
            throw new ArgumentException(
                $"--initial-advertise-peer-urls is {string.Join(',', advertised)}, but --initial-cluster has "
                + $"{string.Join(',', member.PeerUrls)} for '{Name}'; both must be the same.");
        }

        if (RevisionBump is <= 0)
        {
            throw new ArgumentException($"--bump-revision is {RevisionBump}, but must be 1 or more.");
        }
    }

    /// <summary>Computes the ids of the cluster and of its members.</summary>
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
