using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace EtcdBackupAgent.Observability.Otlp;

/// <summary>Exports spans. The package tells of failures only where nobody looks; this tells the watch.</summary>
internal sealed class WatchedSpanExporter(OtlpExporterOptions options, ExportWatch watch) : OtlpTraceExporter(options)
{
    public override ExportResult Export(in Batch<Activity> activityBatch) =>
        watch.Saw("traces", base.Export(activityBatch));
}

/// <summary>The same for metrics.</summary>
internal sealed class WatchedMetricExporter(OtlpExporterOptions options, ExportWatch watch)
    : OtlpMetricExporter(options)
{
    public override ExportResult Export(in Batch<Metric> metrics) => watch.Saw("metrics", base.Export(metrics));
}
