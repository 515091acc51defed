using System.Globalization;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>The processes that a process started, and those that they started (proc(5): <c>children</c>).</summary>
internal static class ProcessTree
{
    /// <summary>All below one process, and not that process itself. One that ended meanwhile may be missing.</summary>
    public static IEnumerable<int> Below(int processId)
    {
        foreach (int child in Children(processId))
        {
            yield return child;
            foreach (int below in Below(child))
            {
                yield return below;
            }
        }
    }

    private static int[] Children(int processId)
    {
        try
        {
            // A shell has one thread, and what it runs starts nothing: the first thread's children are all.
            string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/task/{processId}/children");
            return
            [
                .. File.ReadAllText(path)
                    .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
            ];
        }
        catch (IOException)
        {
            // It has ended.
            return [];
        }
    }
}
