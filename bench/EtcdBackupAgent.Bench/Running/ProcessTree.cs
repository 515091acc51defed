using System.Globalization;

namespace EtcdBackupAgent.Bench.Running;

/// <summary>Finds the descendants of a process (proc(5): <c>children</c>).</summary>
internal static class ProcessTree
{
    /// <summary>Returns all descendants of a process. One that has ended meanwhile may be missing.</summary>
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
            // A shell has one thread, and its programs start no others, so the children of the first thread are all.
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
            // The process has ended.
            return [];
        }
    }
}
