using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Kubernetes.Upgrades;

internal static partial class UpgradeLog
{
    [LoggerMessage(
        LogLevel.Warning,
        "The watch of {Object} for policy {Policy} was interrupted; retrying in {RetryIn}: {Message}")]
    public static partial void UpgradeWatchInterrupted(
        this ILogger logger, string policy, string @object, string message, TimeSpan retryIn);
}
