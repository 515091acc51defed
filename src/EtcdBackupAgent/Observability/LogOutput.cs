using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace EtcdBackupAgent.Observability;

internal enum LogFormat
{
    Text,
    Json,
}

/// <summary>Log lines are events with named fields; they go to standard error, so that standard output holds results only.</summary>
internal static class LogOutput
{
    private const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";

    public static void WriteToStandardError(this ILoggingBuilder builder, LogFormat format, LogLevel least)
    {
        builder.ClearProviders();
        builder.SetMinimumLevel(least);

        // Libraries are heard when they warn.
        builder.AddFilter("Microsoft", LogLevel.Warning);
        builder.AddFilter("Quartz", LogLevel.Warning);

        // The host logs, with a stack trace, what it then throws; that is said once, where the program ends.
        builder.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (format == LogFormat.Json)
        {
            builder.AddJsonConsole(json =>
            {
                json.IncludeScopes = true;
                json.UseUtcTimestamp = true;
                json.TimestampFormat = TimestampFormat.TrimEnd();
            });
        }
        else
        {
            builder.AddSimpleConsole(text =>
            {
                text.IncludeScopes = true;
                text.SingleLine = true;
                text.UseUtcTimestamp = true;
                text.TimestampFormat = TimestampFormat;
                text.ColorBehavior = LoggerColorBehavior.Disabled;
            });
        }
    }
}
