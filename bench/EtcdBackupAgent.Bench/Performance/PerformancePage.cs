namespace EtcdBackupAgent.Bench.Performance;

/// <summary>
/// docs/performance.md: explanations, written by hand, and between two marks for each subject what was measured last.
/// Only what stands between the marks is ever replaced.
/// </summary>
internal sealed class PerformancePage(string file)
{
    /// <exception cref="InvalidOperationException">The page lacks one of the marks.</exception>
    public void Replace(string name, string markdown)
    {
        string text = File.ReadAllText(file);
        (string from, string to) = ($"<!-- measured: {name} -->\n", $"<!-- end: {name} -->\n");
        int start = text.IndexOf(from, StringComparison.Ordinal);
        int end = text.IndexOf(to, StringComparison.Ordinal);
        if (start < 0 || end < start)
        {
            throw new InvalidOperationException($"{file} has no section between '{from.Trim()}' and '{to.Trim()}'.");
        }

        File.WriteAllText(file, $"{text[..(start + from.Length)]}{markdown.TrimEnd()}\n{text[end..]}");
    }
}
