using System.Globalization;

namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>Collects the failed backups in the log of a worker, each once.</summary>
internal sealed class FailureLog
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Adds the new failures from the last lines of the log.</summary>
    public void Read(string log)
    {
        foreach (
            string line in log.Split('\n')
                .Where(line =>
                    line.Contains("Backup of policy", StringComparison.Ordinal)
                    && line.Contains(" failed", StringComparison.Ordinal)
                    && _seen.Add(line)))
        {
            _lines.Add(line);
        }
    }

    /// <summary>Returns the failures that no outage explains.</summary>
    public IEnumerable<string> Unexplained(Outages outages) => _lines.Where(line => !outages.Explain(
        DateTimeOffset.Parse(line[..line.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture)));
}
