using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace EtcdBackupAgent.Observability.Otlp;

/// <summary>
/// Exports spans, and reports the result to the watch. The package reports failures only in its own diagnostics.
/// </summary>
internal sealed class WatchedSpanExporter(OtlpExporterOptions options, ExportWatch watch) : OtlpTraceExporter(options)
{
    public override ExportResult Export(in Batch<Activity> activityBatch) =>
        watch.Record("traces", base.Export(activityBatch));
}

/// <summary>Exports metrics, and reports the result to the watch.</summary>
internal sealed class WatchedMetricExporter(OtlpExporterOptions options, ExportWatch watch)
    : OtlpMetricExporter(options)
{
    public override ExportResult Export(in Batch<Metric> metrics) => watch.Record("metrics", base.Export(metrics));
}
