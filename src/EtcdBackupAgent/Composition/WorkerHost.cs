using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Composition;

/// <summary>Puts the worker of <c>run</c> together.</summary>
internal static class WorkerHost
{
    public static IHost Create(string resourceDirectory, Action<ILoggingBuilder> configureLogs)
    {
        throw new InvalidOperationException(resourceDirectory + configureLogs);
    }
}
