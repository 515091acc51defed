using System.Diagnostics.Metrics;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>What the process itself takes, under the names by which Prometheus' and OpenTelemetry's own clients tell it.</summary>
internal static class ProcessMeasures
{
    private const string OpenFiles = "/proc/self/fd";

    public static void AddTo(Meter meter)
    {
        meter.CreateObservableGauge(
            "process_resident_memory_bytes", () => Environment.WorkingSet, "By", "Physical memory that the process holds.");
        meter.CreateObservableGauge(
            "process_open_fds",
            () => (long)Directory.EnumerateFileSystemEntries(OpenFiles).Count(),
            null,
            "Open files, sockets among them.");
        meter.CreateObservableGauge(
            "dotnet_gc_last_collection_heap_size_bytes",
            () => GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes,
            "By",
            "Managed heap after the last garbage collection.");
    }
}
