namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The initial members of a restored cluster, in the form of etcd's <c>--initial-cluster</c>:
/// <c>n1=https://10.0.0.1:2380,n2=https://10.0.0.2:2380</c>. A member with several URLs has one entry for each.
/// </summary>
public sealed class InitialCluster
{
    private InitialCluster(IReadOnlyList<InitialMember> members) => Members = members;

    /// <summary>The members, at least one, in the order of their names.</summary>
    public IReadOnlyList<InitialMember> Members { get; }

    /// <summary>Parses <c>NAME=URL,…</c>. Ignores empty parts, as etcd does.</summary>
    /// <exception cref="FormatException">
    /// A part is not <c>NAME=URL</c>, or there is no part. The message contains it.
    /// </exception>
    public static InitialCluster Parse(string text)
    {
        SortedDictionary<string, List<string>> urls = new(StringComparer.Ordinal);
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                throw new FormatException($"'{part}' does not have the form NAME=URL.");
            }

            string name = part[..equals];
            if (name.Length == 0 || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            {
                throw new FormatException($"'{part}' must have a member name without spaces before the '='.");
            }

            if (!urls.TryGetValue(name, out List<string>? ofMember))
            {
                urls[name] = ofMember = [];
            }

            ofMember.Add(PeerUrl.Parse(part[(equals + 1)..]));
        }

        return urls.Count > 0
            ? new InitialCluster(
                [.. urls.Select(member => new InitialMember(member.Key, PeerUrl.Sorted(member.Value)))])
            : throw new FormatException(
                $"'{text}' contains no member: expected NAME=URL,… with at least one member.");
    }

    /// <summary>Returns the sorted text that <see cref="Parse"/> reads.</summary>
    public override string ToString() =>
        string.Join(',', Members.SelectMany(member => member.PeerUrls.Select(url => $"{member.Name}={url}")));
}

/// <summary>A member of a cluster that does not run yet.</summary>
/// <param name="Name">The value of its <c>--name</c>.</param>
/// <param name="PeerUrls">The URLs for the other members, in the order that its id is computed from.</param>
public sealed record InitialMember(string Name, IReadOnlyList<string> PeerUrls);
