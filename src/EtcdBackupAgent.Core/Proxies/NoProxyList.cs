using System.Globalization;
using System.Net;

namespace EtcdBackupAgent.Core.Proxies;

/// <summary>
/// The hosts that are reached without a proxy: the text of <c>NO_PROXY</c>. Hosts are compared as they are written and
/// never resolved: a subnet matches addresses, a domain matches names. See <c>docs/proxies.md</c>.
/// </summary>
/// <remarks>
/// Source: the documentation of golang.org/x/net/http/httpproxy (<c>Config.NoProxy</c>), which kubectl, kubeadm and the
/// container runtimes follow. As in curl, white space also separates entries.
/// </remarks>
public sealed class NoProxyList
{
    private static readonly char[] Separators = [',', ' ', '\t', '\r', '\n'];

    private readonly List<Predicate<Host>> _entries = [];

    public NoProxyList(string? text)
    {
        foreach (string entry in (text ?? "").ToLowerInvariant().Split(
            Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            _entries.Add(Parse(entry));
        }
    }

    /// <summary>
    /// Returns whether a host is reached without a proxy. Loopback always is, whatever the list contains.
    /// </summary>
    public bool Matches(Uri target)
    {
        string name = target.IdnHost.ToLowerInvariant().TrimEnd('.');
        Host host = new(name, Address(name), target.Port);
        return IsLoopback(host) || _entries.Exists(matches => matches(host));
    }

    private static bool IsLoopback(Host host) => host.Address is { } address
        ? IPAddress.IsLoopback(address)
        : host.Name == "localhost" || host.Name.EndsWith(".localhost", StringComparison.Ordinal);

    private static Predicate<Host> Parse(string entry)
    {
        if (entry == "*")
        {
            return _ => true;
        }

        if (Subnet(entry) is { } subnet)
        {
            return host => host.Address is { } address && subnet.Contains(address);
        }

        (string name, int? port) = Split(entry);
        if (Address(name) is { } single)
        {
            return host => single.Equals(host.Address) && IsPort(host);
        }

        // example.com matches the name and all names below it; .example.com and *.example.com match only the names
        // below.
        bool isOnlyBelow = name.StartsWith('.') || name.StartsWith("*.", StringComparison.Ordinal);
        string bare = name.TrimStart('*').Trim('.');
        if (bare.Length == 0)
        {
            return _ => false;
        }

        string exact = Ascii(bare);
        string below = $".{exact}";
        return host => host.Address is null
            && (host.Name.EndsWith(below, StringComparison.Ordinal) || (!isOnlyBelow && host.Name == exact))
            && IsPort(host);

        bool IsPort(Host host) => port is null || port == host.Port;
    }

    /// <summary>Parses an address with a prefix length. Bits after the prefix may be set, as in 10.1.2.3/8.</summary>
    private static IPNetwork? Subnet(string entry)
    {
        int slash = entry.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || Address(entry[..slash]) is not { } address
            || !int.TryParse(entry.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length))
        {
            return null;
        }

        byte[] bytes = address.GetAddressBytes();
        if (length > bytes.Length * 8)
        {
            return null;
        }

        for (int bit = length; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPNetwork(new IPAddress(bytes), length);
    }

    /// <summary>
    /// Splits a host and its port: <c>example.com:8443</c>, <c>10.0.0.1:80</c>, <c>[fd00::1]:443</c>.
    /// </summary>
    private static (string Name, int? Port) Split(string entry)
    {
        int colon = entry.LastIndexOf(':');
        bool isBareIPv6 = !entry.StartsWith('[') && entry.IndexOf(':', StringComparison.Ordinal) != colon;
        return colon > 0 && !isBareIPv6
            && ushort.TryParse(
                entry.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            ? (entry[..colon], port)
            : (entry, null);
    }

    private static IPAddress? Address(string text)
    {
        // IPAddress would parse "10" as 0.0.0.10. fe80::1%eth0 has a scope, which no entry has.
        string bare = text.Trim('[', ']').Split('%')[0];
        bool isComplete = bare.Contains(':', StringComparison.Ordinal) || bare.Count(c => c == '.') == 3;
        return isComplete && IPAddress.TryParse(bare, out IPAddress? address)
            ? address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address
            : null;
    }

    private static string Ascii(string name)
    {
        try
        {
            return new IdnMapping().GetAscii(name);
        }
        catch (ArgumentException)
        {
            return name;
        }
    }

    private sealed record Host(string Name, IPAddress? Address, int Port);
}
