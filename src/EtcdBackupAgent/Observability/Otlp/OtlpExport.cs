using EtcdBackupAgent.Core.Backups;
using EtcdBackupAgent.Observability.Metrics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EtcdBackupAgent.Observability.Otlp;

/// <summary>
/// Sends spans and metrics to an OpenTelemetry collector, if the standard variables name one. A failure to export does
/// not affect the agent's work. Disposing sends the remaining data, within <see cref="FlushPeriodMax"/>.
/// </summary>
internal sealed class OtlpExport : IAsyncDisposable
{
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>How long the program can wait for a collector when it ends.</summary>
    public static readonly TimeSpan FlushPeriodMax = TimeSpan.FromSeconds(5);

    private const string DisabledVariable = "OTEL_SDK_DISABLED";

    /// <summary>The default of the OpenTelemetry specification.</summary>
    private const int MetricPeriodMillisecondsDefault = 60_000;

    private readonly TracerProvider _spans;
    private readonly MeterProvider _metrics;
    private readonly ExportWatch _watch;

    private OtlpExport(TracerProvider spans, MeterProvider metrics, ExportWatch watch) =>
        (_spans, _metrics, _watch) = (spans, metrics, watch);

    /// <summary>Starts the export. Returns null if no collector is named.</summary>
    /// <param name="version">The version of the agent.</param>
    /// <param name="warn">Receives a sentence when the export cannot start, and when it starts to fail.</param>
    public static OtlpExport? Start(string version, Action<string> warn)
    {
        string? endpointText = Environment.GetEnvironmentVariable(EndpointVariable);
        string? disabled = Environment.GetEnvironmentVariable(DisabledVariable);
        if (string.IsNullOrWhiteSpace(endpointText)
            || string.Equals(disabled, "true", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (!Uri.TryCreate(endpointText, UriKind.Absolute, out Uri? endpoint)
            || (endpoint.Scheme != Uri.UriSchemeHttp && endpoint.Scheme != Uri.UriSchemeHttps))
        {
            warn($"{EndpointVariable} is not the URL of a collector, such as http://127.0.0.1:4317; "
                + "nothing is exported.");
            return null;
        }

        string shown = endpoint.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
        ExportWatch watch = new(() => warn(
            $"Traces and metrics cannot be exported to {shown}, which {EndpointVariable} names. "
            + "Nothing else is affected."));

        // The constructors of these types read the standard variables. The resource attributes of the environment come
        // last, so that they take precedence.
        OtlpExporterOptions options = new();
        ResourceBuilder resource = ResourceBuilder.CreateEmpty()
            .AddService("etcd-backup-agent", serviceVersion: version)
            .AddTelemetrySdk()
            .AddEnvironmentVariableDetector();
        int period = new PeriodicExportingMetricReaderOptions().ExportIntervalMilliseconds
            ?? MetricPeriodMillisecondsDefault;
        TracerProvider spans = Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource)
            .AddSource(BackupTrace.SourceName)
            .AddProcessor(new BatchActivityExportProcessor(new WatchedSpanExporter(options, watch)))
            .Build();
        MeterProvider metrics = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource)
            .AddMeter(AgentMetrics.MeterName)
            .AddReader(new PeriodicExportingMetricReader(new WatchedMetricExporter(options, watch), period))
            .Build();
        return new OtlpExport(spans, metrics, watch);
    }

    public async ValueTask DisposeAsync()
    {
        int milliseconds = (int)FlushPeriodMax.TotalMilliseconds;
        try
        {
            // Both calls block, at most for the timeout of a request.
            await Task
                .WhenAll(Task.Run(() => _spans.Shutdown(milliseconds)), Task.Run(() => _metrics.Shutdown(milliseconds)))
                .WaitAsync(FlushPeriodMax, TimeProvider.System);
        }
        catch (TimeoutException)
        {
            // A request that still waits for a response ends with the process.
            _watch.Record("flush", ExportResult.Failure);
            return;
        }

        _spans.Dispose();
        _metrics.Dispose();
    }
}
