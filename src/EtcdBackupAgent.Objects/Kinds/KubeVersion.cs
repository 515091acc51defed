using System.Globalization;
using System.Text.RegularExpressions;

namespace EtcdBackupAgent.Objects.Kinds;

/// <summary>
/// The order in which Kubernetes prefers versions: v2, v1, v2beta1, v1beta1, v1alpha1, and then all other names in
/// alphabetical order. Source: "Version priority" of
/// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/
/// </summary>
internal sealed partial class KubeVersion : IComparer<string>
{
    /// <summary>Sorts the preferred version to the front.</summary>
    public static KubeVersion PreferredFirst { get; } = new();

    private KubeVersion()
    {
    }

    public int Compare(string? x, string? y)
    {
        (int Stability, long Major, long Minor)? first = Parse(x!);
        (int Stability, long Major, long Minor)? second = Parse(y!);
        return (first, second) switch
        {
            (null, null) => string.CompareOrdinal(x, y),
            (null, _) => 1,
            (_, null) => -1,
            _ => second.Value.CompareTo(first.Value),
        };
    }

    private static (int Stability, long Major, long Minor)? Parse(string name)
    {
        Match match = Pattern().Match(name);
        return match.Success && Number(match.Groups["major"]) is { } major && Number(match.Groups["minor"]) is { } minor
            ? (match.Groups["stability"].Value switch { "" => 2, "beta" => 1, _ => 0 }, major, minor)
            : null;
    }

    private static long? Number(Group group) =>
        !group.Success ? 0
        : long.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
        : null;

    [GeneratedRegex(
        @"^v(?<major>[1-9][0-9]*)((?<stability>alpha|beta)(?<minor>[1-9][0-9]*))?\z",
        RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex Pattern();
}
