using System.Globalization;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// The URL at which members reach each other: <c>http</c> or <c>https</c>, host and port, nothing else. It stays text
/// because a member's id is a digest of its exact bytes: <c>https://A:2380</c> and <c>https://a:2380</c> are two
/// members.
/// </summary>
/// <remarks>
/// Source: <c>NewURLs</c> in etcd's <c>client/pkg/types/urls.go</c>, which also accepts <c>unix</c> URLs and zones.
/// </remarks>
internal static partial class PeerUrl
{
    private const int PortMax = 65_535;

    /// <summary>Parses a peer URL.</summary>
    /// <returns>The URL as etcd writes it: with the scheme in lower case and without surrounding white space.</returns>
    /// <exception cref="FormatException">The text is not a peer URL. The message contains it.</exception>
    public static string Parse(string text)
    {
        string trimmed = text.Trim();
        Match match = Form().Match(trimmed);
        if (!match.Success)
        {
            throw new FormatException(
                $"'{trimmed}' is not a peer URL: expected http:// or https://, a host, a colon and a port, "
                + "without a path.");
        }

        string port = match.Groups["port"].Value;
        return int.TryParse(port, CultureInfo.InvariantCulture, out int number) && number is > 0 and <= PortMax
            ? match.Groups["scheme"].Value.ToLowerInvariant() + trimmed[match.Groups["scheme"].Length..]
            : throw new FormatException($"'{trimmed}' has the port {port}; a port must be from 1 to {PortMax}.");
    }

    /// <summary>Sorts URLs by their bytes, as etcd does.</summary>
    public static IReadOnlyList<string> Sorted(IEnumerable<string> urls) => [.. urls.Order(StringComparer.Ordinal)];

    [GeneratedRegex(
        @"^(?<scheme>[hH][tT][tT][pP][sS]?)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?<port>[0-9]+)\z",
        RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form();
}
