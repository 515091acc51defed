using System.Globalization;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>
/// What lies in a scratch directory: files with a name, and files that never had one or lost it and are still open.
/// </summary>
internal static class ScratchUse
{
    /// <summary>The bytes of both, for the processes that are asked about.</summary>
    public static long Bytes(string scratch, IEnumerable<int> processIds) =>
        new DirectoryInfo(scratch).EnumerateFiles("*", SearchOption.AllDirectories).Sum(NamedLength)
        + processIds.SelectMany(Descriptors).Where(descriptor => IsUnnamed(descriptor, scratch)).Sum(UnnamedLength);

    private static string[] Descriptors(int processId)
    {
        try
        {
            return Directory.GetFiles(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/fd"));
        }
        catch (IOException)
        {
            // It has ended.
            return [];
        }
    }

    /// <summary>The kernel names an open file without a name by where it was, and says that it is deleted.</summary>
    private static bool IsUnnamed(string descriptor, string scratch)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget is { } target
                && target.StartsWith($"{scratch}/", StringComparison.Ordinal)
                && target.EndsWith(" (deleted)", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static long NamedLength(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (IOException)
        {
            // Removed since it was seen.
            return 0;
        }
    }

    private static long UnnamedLength(string descriptor)
    {
        try
        {
            // For both ways, since opening a pipe for one of them waits until somebody comes for the other (fifo(7)).
            using FileStream file = new(
                descriptor, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return file.CanSeek ? file.Length : 0;
        }
        catch (IOException)
        {
            // Closed since it was seen.
            return 0;
        }
    }
}
