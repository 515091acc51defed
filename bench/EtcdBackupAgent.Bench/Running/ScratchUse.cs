using System.Globalization;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>
/// Measures the files in a scratch directory: those with a name, and open files without one.
/// </summary>
internal static class ScratchUse
{
    /// <summary>Returns the bytes of both kinds for these processes.</summary>
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
            // The process has ended.
            return [];
        }
    }

    /// <summary>For an open file without a name, the kernel shows its former path and the word "(deleted)".</summary>
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
            // The file was removed meanwhile.
            return 0;
        }
    }

    private static long UnnamedLength(string descriptor)
    {
        try
        {
            // For reading and writing, because opening a pipe for one of them waits for the other side (fifo(7)).
            using FileStream file = new(
                descriptor, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return file.CanSeek ? file.Length : 0;
        }
        catch (IOException)
        {
            // The file was closed meanwhile.
            return 0;
        }
    }
}
