using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EtcdBackupAgent.Objects.Keys;
using EtcdBackupAgent.Objects.Kinds;

namespace EtcdBackupAgent.Objects.Exporting;

/// <summary>
/// The place of an object in a tree of files: <c>cluster/RESOURCE/NAME.yaml</c>,
/// <c>namespaces/NAMESPACE/RESOURCE/NAME.yaml</c> or <c>webhooks/RESOURCE/NAME.yaml</c>. kubectl takes files in the
/// order of their names, so what others need is before them.
/// </summary>
/// <remarks>
/// A name becomes a file name that every file system takes, and two names never the same one, also where upper and
/// lower case are alike: a byte that is not a lower-case letter, a digit, <c>-</c>, <c>_</c> or <c>.</c> is
/// <c>%NN</c>. No name of Kubernetes contains <c>%</c>, so that the names can be read back.
/// </remarks>
public static class ExportPath
{
    /// <summary>The longest encoded name; a longer one ends in a digest. File systems take 255 bytes.</summary>
    public const int NameBytesMax = 200;

    private const string Suffix = ".yaml";

    /// <summary>What is applied first within its folder, with the number that its folder begins with.</summary>
    private static readonly Dictionary<GroupResource, int> First = new()
    {
        [new("apiextensions.k8s.io", "customresourcedefinitions")] = 1,
        [new("", "namespaces")] = 2,
        [new("", "serviceaccounts")] = 1,
    };

    /// <summary>
    /// What names services of namespaces. An API server refuses other objects as long as a webhook does not answer, so
    /// these are applied last.
    /// </summary>
    private static readonly HashSet<GroupResource> Last =
    [
        new("admissionregistration.k8s.io", "mutatingwebhookconfigurations"),
        new("admissionregistration.k8s.io", "validatingwebhookconfigurations"),
        new("apiregistration.k8s.io", "apiservices"),
    ];

    /// <summary>Names that Windows reserves for devices, also with a suffix.</summary>
    private static readonly HashSet<string> Devices =
    [
        "con", "prn", "aux", "nul", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"com{i}", $"lpt{i}" }),
    ];

    /// <summary>Returns the path, relative to the tree, with slashes.</summary>
    public static string Of(StorageKey place)
    {
        string number = First.TryGetValue(place.Resource, out int first) ? $"{first}-" : "";
        string folder = number + Encode(place.Resource.ToString());
        string name = Encode(place.Name) + Suffix;
        return place.Namespace is { } ns ? $"namespaces/{Encode(ns)}/{folder}/{name}"
            : Last.Contains(place.Resource) ? $"webhooks/{folder}/{name}"
            : $"cluster/{folder}/{name}";
    }

    /// <summary>Returns the file name for a name.</summary>
    internal static string Encode(string name)
    {
        StringBuilder encoded = new();
        string device = name.Split('.')[0];
        bool isReserved = Devices.Contains(device) || name is "" or ['.', ..];
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            char c = (char)b;
            bool isKept = char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' or '.';
            _ = isKept && !(isReserved && encoded.Length == 0)
                ? encoded.Append(c)
                : encoded.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        if (encoded.Length == 0)
        {
            return "%";
        }

        // A file name must not end in a dot.
        if (encoded[^1] == '.')
        {
            encoded.Length--;
            encoded.Append("%2E");
        }

        return encoded.Length <= NameBytesMax ? encoded.ToString() : Shorten(encoded.ToString(), name);
    }

    /// <summary>The beginning of a long name, and a digest of all of it after a mark that no other name has.</summary>
    private static string Shorten(string encoded, string name)
    {
        const int digestBytes = 16;
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, digestBytes));
        string beginning = encoded[..(NameBytesMax - 2 - digest.Length)];
        int escape = beginning.LastIndexOf('%');
        return $"{(escape >= 0 && escape > beginning.Length - 3 ? beginning[..escape] : beginning)}%_{digest}";
    }
}
