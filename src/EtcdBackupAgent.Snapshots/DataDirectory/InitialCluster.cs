namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The members that a restored cluster begins with, as etcd's <c>--initial-cluster</c> names them:
/// <c>n1=https://10.0.0.1:2380,n2=https://10.0.0.2:2380</c>. A member with several URLs is named once for each.
/// </summary>
public sealed class InitialCluster
{
    private InitialCluster(IReadOnlyList<InitialMember> members) => Members = members;

    /// <summary>At least one, in the order of their names.</summary>
    public IReadOnlyList<InitialMember> Members { get; }

    /// <summary>Reads <c>NAME=URL,…</c>; empty parts are passed over, as etcd does.</summary>
    /// <exception cref="FormatException">A part is not <c>NAME=URL</c>, or there is none; the message names it.</exception>
    public static InitialCluster Parse(string text)
    {
        SortedDictionary<string, List<string>> urls = new(StringComparer.Ordinal);
        foreach (string part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0)
            {
                throw new FormatException($"'{part}' is not of the form NAME=URL.");
            }

            string name = part[..equals];
            if (name.Length == 0 || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c)))
            {
                throw new FormatException($"'{part}' has no member's name before the '=', without spaces.");
            }

            if (!urls.TryGetValue(name, out List<string>? ofMember))
            {
                urls[name] = ofMember = [];
            }

            ofMember.Add(PeerUrl.Parse(part[(equals + 1)..]));
        }

        return urls.Count > 0
            ? new InitialCluster([.. urls.Select(member => new InitialMember(member.Key, PeerUrl.Sorted(member.Value)))])
            : throw new FormatException($"'{text}' names no member; a cluster is NAME=URL,… with at least one.");
    }

    /// <summary>The form that <see cref="Parse"/> reads, sorted.</summary>
    public override string ToString() =>
        string.Join(',', Members.SelectMany(member => member.PeerUrls.Select(url => $"{member.Name}={url}")));
}

/// <summary>One member of a cluster that does not run yet.</summary>
/// <param name="Name">What its <c>--name</c> is to be.</param>
/// <param name="PeerUrls">Where the others reach it, in the order that its id is computed in.</param>
public sealed record InitialMember(string Name, IReadOnlyList<string> PeerUrls);
