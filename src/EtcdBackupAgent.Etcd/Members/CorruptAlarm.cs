using System.Globalization;
using EtcdBackupAgent.Etcd.Api;

namespace EtcdBackupAgent.Etcd.Members;

/// <summary>
/// Finds CORRUPT alarms in the errors of a status: <c>memberID:10276657743932975437 alarm:CORRUPT</c>. Every member
/// lists the alarms of the whole cluster. <c>Maintenance.Alarm</c> would return them as numbers, but uses Raft even to
/// read them, so that it writes to the log and fails without a leader.
/// </summary>
internal static class CorruptAlarm
{
    private const string MemberPrefix = "memberID:";
    private const string AlarmText = "alarm:CORRUPT";

    /// <summary>
    /// Whether the status reports that its own member is corrupt. An alarm without a member ID applies to every member.
    /// </summary>
    public static bool IsRaisedFor(StatusResponse status) =>
        status.Errors
            .Select(error => error.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words.Contains(AlarmText))
            .Select(MemberOf)
            .Any(member => member is 0 || member == status.Header.MemberId);

    private static ulong MemberOf(string[] words)
    {
        string? word = words.FirstOrDefault(word => word.StartsWith(MemberPrefix, StringComparison.Ordinal));
        return ulong.TryParse(
            word.AsSpan(word is null ? 0 : MemberPrefix.Length),
            CultureInfo.InvariantCulture,
            out ulong member)
            ? member
            : 0;
    }
}
