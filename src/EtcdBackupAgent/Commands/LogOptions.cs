using System.CommandLine;
using EtcdBackupAgent.Observability;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Commands;

/// <summary>
/// The options of the log, which always goes to standard error; the same for every verb. Disposing writes the lines
/// that are still queued.
/// </summary>
internal sealed class LogOptions : IDisposable
{
    private readonly Option<LogFormat> _format = new Option<LogFormat>("--log-format")
    {
        Description = "Format of the log lines: text or json (default: text).",
        HelpName = "FORMAT",
        Recursive = true,
    }.OneOf(LogFormat.Text, LogFormat.Json);

    private readonly Option<LogLevel?> _level = new Option<LogLevel?>("--log-level")
    {
        Description = "Lowest severity of the log lines to write: debug, information, warning or error "
            + "(default: information for run and archive, warning otherwise).",
        HelpName = "LEVEL",
        Recursive = true,
    }.OneOf(LogLevel.Debug, LogLevel.Information, LogLevel.Warning, LogLevel.Error);

    private ILoggerFactory? _loggers;

    public void AddTo(RootCommand root)
    {
        root.Add(_format);
        root.Add(_level);
    }

    /// <summary>The loggers of this process.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="levelDefault">The lowest severity, unless the command line gives another.</param>
    public ILoggerFactory Loggers(ParseResult parsed, LogLevel levelDefault = LogLevel.Warning) =>
        _loggers ??= LoggerFactory.Create(builder => Configure(builder, parsed, levelDefault));

    public void Configure(ILoggingBuilder builder, ParseResult parsed, LogLevel levelDefault) =>
        builder.WriteToStandardError(parsed.GetValue(_format), parsed.GetValue(_level) ?? levelDefault);

    public void Dispose() => _loggers?.Dispose();
}
