using System.Globalization;

namespace EtcdBackupAgent.Testing.Soaks;

/// <summary>The failed backups in a worker's log, each once.</summary>
internal sealed class FailureLog
{
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Takes from the log's last lines what is new among them.</summary>
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

    /// <summary>Those that happened while nobody was away.</summary>
    public IEnumerable<string> Unexplained(Outages outages) => _lines.Where(line => !outages.Explain(
        DateTimeOffset.Parse(line[..line.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture)));
}
