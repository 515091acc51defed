using System.CommandLine;
using EtcdBackupAgent.Observability;
using Microsoft.Extensions.Logging;

namespace EtcdBackupAgent.Commands;

/// <summary>How the log is written, always to standard error; the same for every verb. Disposing it writes what is still queued.</summary>
internal sealed class LogOptions : IDisposable
{
    private readonly Option<LogFormat> _format = new Option<LogFormat>("--log-format")
    {
        Description = "How log lines look: text or json (default: text).",
        HelpName = "FORMAT",
        Recursive = true,
    }.OneOf(LogFormat.Text, LogFormat.Json);

    private readonly Option<LogLevel?> _level = new Option<LogLevel?>("--log-level")
    {
        Description = "The least severe lines to write: debug, information, warning or error "
            + "(default: information for run, warning otherwise).",
        HelpName = "LEVEL",
        Recursive = true,
    }.OneOf(LogLevel.Debug, LogLevel.Information, LogLevel.Warning, LogLevel.Error);

    private ILoggerFactory? _loggers;

    public void AddTo(RootCommand root)
    {
        root.Add(_format);
        root.Add(_level);
    }

    /// <summary>The loggers of this run of the program.</summary>
    public ILoggerFactory Loggers(ParseResult parsed) =>
        _loggers ??= LoggerFactory.Create(builder => Configure(builder, parsed, LogLevel.Warning));

    public void Configure(ILoggingBuilder builder, ParseResult parsed, LogLevel levelDefault) =>
        builder.WriteToStandardError(parsed.GetValue(_format), parsed.GetValue(_level) ?? levelDefault);

    public void Dispose() => _loggers?.Dispose();
}
