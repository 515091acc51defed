using EtcdBackupAgent.Kubernetes.Objects;

namespace EtcdBackupAgent.Kubernetes.Controllers;

/// <summary>Summarizes the latest problem of one object from the events about it.</summary>
/// <remarks>The same problem is reported again and again, several volumes may be missing at once, and the texts differ
/// from one attempt to the next. The summary stays the same as long as the causes do.</remarks>
internal sealed class WarningEvents(IEnumerable<EventObject> events)
{
    /// <summary>Events that are older than the newest by more than this belong to a problem that is over: kubelet
    /// retries every two minutes.</summary>
    private static readonly TimeSpan ProblemWindow = TimeSpan.FromMinutes(3);

    /// <summary>The greatest number of messages that are joined: a pod has few volumes.</summary>
    private const int MessagesMax = 3;

    /// <summary>The beginning of kubelet's summary; its other messages are more precise.</summary>
    private const string MountSummary = "Unable to attach or mount volumes";

    private readonly (DateTimeOffset At, string Reason, string Message)[] _warnings =
    [
        .. events
            .Where(item => item.IsWarning)
            .Select(item => (
                At: item.LastSeen ?? DateTimeOffset.MinValue,
                item.Reason,
                Message: (item.Message ?? "").Trim()))
            .OrderBy(warning => warning.At)
            .ThenBy(warning => warning.Reason, StringComparer.Ordinal),
    ];

    /// <summary>The newest reason and its messages; null if there are no warnings.</summary>
    public (string Reason, string Message)? Latest()
    {
        if (_warnings is not [.., var newest])
        {
            return null;
        }

        string[] messages =
        [
            .. _warnings
                .Where(warning => warning.Reason == newest.Reason && newest.At - warning.At <= ProblemWindow)
                .Select(warning => warning.Message)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
        string[] detailed = [.. messages.Where(message => !message.StartsWith(MountSummary, StringComparison.Ordinal))];
        return (newest.Reason, string.Join("; ", (detailed.Length > 0 ? detailed : messages).Take(MessagesMax)));
    }

    /// <summary>The newest message with this beginning; null if there is none.</summary>
    public string? Latest(string beginning) => _warnings
        .Select(warning => warning.Message)
        .LastOrDefault(message => message.StartsWith(beginning, StringComparison.Ordinal));
}
