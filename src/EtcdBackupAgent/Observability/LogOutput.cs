using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace EtcdBackupAgent.Observability;

internal enum LogFormat
{
    Text,
    Json,
}

/// <summary>
/// Configures the log. Its lines are events with named fields. They go to standard error, so that standard output
/// contains results only.
/// </summary>
internal static class LogOutput
{
    private const string TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";

    public static void WriteToStandardError(this ILoggingBuilder builder, LogFormat format, LogLevel minimumLevel)
    {
        builder.ClearProviders();
        builder.SetMinimumLevel(minimumLevel);

        // Of libraries, only warnings and errors are logged.
        builder.AddFilter("Microsoft", LogLevel.Warning);
        builder.AddFilter("Quartz", LogLevel.Warning);

        // The host logs an exception with its stack trace and then throws it; the program reports it once, at the end.
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
