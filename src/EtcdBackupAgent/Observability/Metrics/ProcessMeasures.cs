using System.Diagnostics.Metrics;

namespace EtcdBackupAgent.Observability.Metrics;

/// <summary>
/// The resource usage of the process, under the names that the clients of Prometheus and OpenTelemetry use.
/// </summary>
internal static class ProcessMeasures
{
    private const string OpenFiles = "/proc/self/fd";

    public static void AddTo(Meter meter)
    {
        meter.CreateObservableGauge(
            "process_resident_memory_bytes",
            () => Environment.WorkingSet,
            "By",
            "Physical memory that the process uses.");
        meter.CreateObservableGauge(
            "process_open_fds",
            () => (long)Directory.EnumerateFileSystemEntries(OpenFiles).Count(),
            null,
            "Open files, including sockets.");
        meter.CreateObservableGauge(
            "dotnet_gc_last_collection_heap_size_bytes",
            () => GC.GetGCMemoryInfo(GCKind.Any).HeapSizeBytes,
            "By",
            "Managed heap after the last garbage collection.");
    }
}
