using System.Globalization;
using EtcdBackupAgent.Snapshots.Revisions;

namespace EtcdBackupAgent.Snapshots.DataDirectory;

/// <summary>
/// Decides whether an alarm of the old cluster is kept. etcd activates stored alarms when it starts, and each kind of
/// alarm makes it refuse writes. Source: etcd's <c>AlarmMember</c>, which is the key of an element in the bucket
/// <c>alarm</c>.
/// </summary>
internal static class AlarmDecision
{
    private const ulong NoSpace = 1;
    private const ulong Corrupt = 2;

    /// <summary>Decides about an alarm.</summary>
    /// <exception cref="SnapshotDamagedException">The alarm cannot be read.</exception>
    public static RestoredAlarm For(ReadOnlySpan<byte> element, long databaseBytes, long quotaBytes)
    {
        (ulong member, ulong kind) = Read(element);
        bool fits = databaseBytes < quotaBytes;
        return kind switch
        {
            NoSpace when fits => Alarm(
                "NOSPACE", false, $"the database now has {databaseBytes} bytes; the quota is {quotaBytes}"),
            NoSpace => Alarm(
                "NOSPACE", true, $"the database still has {databaseBytes} bytes; the quota is {quotaBytes}"),
            Corrupt => Alarm("CORRUPT", true, "a restore cannot check whether the members had the same data"),
            _ => Alarm(kind.ToString(CultureInfo.InvariantCulture), true, "this kind of alarm is unknown"),
        };

        RestoredAlarm Alarm(string name, bool kept, string reason) =>
            new() { MemberId = member, Kind = name, Kept = kept, Reason = reason };
    }

    private static (ulong Member, ulong Kind) Read(ReadOnlySpan<byte> element)
    {
        (ulong member, ulong kind) = (0, 0);
        ProtobufFields fields = new(element);
        while (fields.MoveNext() && (fields.Number > 2 || fields.Require(ProtobufWireType.Varint)))
        {
            (member, kind) = fields.Number switch
            {
                1 => ((ulong)fields.Integer, kind),
                2 => (member, (ulong)fields.Integer),
                _ => (member, kind),
            };
        }

        return fields.Problem is null
            ? (member, kind)
            : throw new SnapshotDamagedException(
                $"{Convert.ToHexStringLower(element)} in the bucket '{BucketNames.Alarm}' is not an alarm: "
                + $"{fields.Problem}.");
    }
}
