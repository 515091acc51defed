using System.Text;

namespace EtcdBackupAgent.Snapshots.Reports;

/// <summary>
/// Groups keys by a prefix. Kubernetes uses keys such as <c>/registry/RESOURCE/…</c>, and
/// <c>/registry/GROUP.WITH.DOTS/RESOURCE/…</c> for resources of later API groups. OpenShift uses <c>/kubernetes.io</c>
/// and <c>/openshift.io</c> instead of <c>/registry</c>. The prefix of any other key is its first segment.
/// </summary>
internal static class KeyPrefix
{
    /// <summary>The most bytes of a prefix; a longer one is truncated.</summary>
    public const int BytesMax = 256;

    private const byte Slash = (byte)'/';

    /// <summary>
    /// Returns the beginning of the key that names its kind, without the slash after it: <c>/</c> for <c>/key</c>, and
    /// an empty prefix for a key without a slash.
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

    /// <summary>
    /// Formats a prefix as text. Bytes that are not printable ASCII become <c>\xNN</c>, because a key may contain any
    /// bytes.
    /// </summary>
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
        segment.SequenceEqual("/registry"u8)
        || segment.SequenceEqual("/kubernetes.io"u8)
        || segment.SequenceEqual("/openshift.io"u8);

    /// <summary>
    /// Returns the position of the slash that ends the segment at <paramref name="start"/>, or -1 for the last segment.
    /// </summary>
    private static int SegmentEnd(ReadOnlySpan<byte> key, int start)
    {
        int length = key[start..].IndexOf(Slash);
        return length < 0 ? -1 : start + length;
    }
}
