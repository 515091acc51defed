namespace EtcdBackupAgent.Bench.Performance;

/// <summary>
/// Writes docs/performance.md. The page has explanations written by hand, and the last measurement of each subject
/// between two marks. Only the text between the marks is replaced.
/// </summary>
internal sealed class PerformancePage(string file)
{
    /// <exception cref="InvalidOperationException">A mark is missing in the page.</exception>
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
