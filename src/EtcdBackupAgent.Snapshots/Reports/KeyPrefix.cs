using System.Text;

namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>
/// Which keys belong together. Kubernetes lays keys out as <c>/registry/RESOURCE/…</c>, and resources of groups that came later as
/// <c>/registry/GROUP.WITH.DOTS/RESOURCE/…</c>; OpenShift uses <c>/kubernetes.io</c> and <c>/openshift.io</c> in the place of
/// <c>/registry</c>. Other keys belong to their first segment.
/// </summary>
internal static class KeyPrefix
{
    /// <summary>Bytes of a prefix; a longer one is cut.</summary>
    public const int BytesMax = 256;

    private const byte Slash = (byte)'/';

    /// <summary>
    /// The beginning of the key that names its kind, without the slash after it; <c>/</c> for <c>/key</c>, and nothing for a key without
    /// a slash.
    /// </summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> key)
    {
        int length = SegmentEnd(key, !key.IsEmpty && key[0] == Slash ? 1 : 0);
        if (length < 0)
        {
            return key[..(!key.IsEmpty && key[0] == Slash ? 1 : 0)];
        }

        if (IsKubernetesRoot(key[..length]))
        {
            int resource = SegmentEnd(key, length + 1);
            ReadOnlySpan<byte> name = resource < 0 ? default : key[(length + 1)..resource];
            int second = resource < 0 ? -1 : SegmentEnd(key, resource + 1);
            bool isGroup = name.Contains((byte)'.') || name.SequenceEqual("services"u8);
            length = isGroup && second > 0 ? second : resource > 0 ? resource : length;
        }

        return key[..Math.Min(length, BytesMax)];
    }

    /// <summary>As text: what is not printable ASCII as <c>\xNN</c>, since a key may hold anything.</summary>
    public static string Text(ReadOnlySpan<byte> prefix)
    {
        StringBuilder text = new(prefix.Length);
        foreach (byte b in prefix)
        {
            _ = b is >= 0x20 and < 0x7F and not (byte)'\\' ? text.Append((char)b) : text.Append($"\\x{b:x2}");
        }

        return text.ToString();
    }

    private static bool IsKubernetesRoot(ReadOnlySpan<byte> segment) =>
        segment.SequenceEqual("/registry"u8) || segment.SequenceEqual("/kubernetes.io"u8) || segment.SequenceEqual("/openshift.io"u8);

    /// <summary>Where the segment that begins at <paramref name="start"/> ends with a slash; -1 if it is the key's last.</summary>
    private static int SegmentEnd(ReadOnlySpan<byte> key, int start)
    {
        int length = key[start..].IndexOf(Slash);
        return length < 0 ? -1 : start + length;
    }
}
