namespace EtcdBackupAgent.Snapshots.Revisions;

/// <summary>Collects problems: the text of the first ones, and the number of all.</summary>
internal sealed class ProblemList(int max)
{
    private readonly List<string> _first = [];

    public long Count { get; private set; }

    /// <summary>The first problems, and a line with the number of the others if there are any.</summary>
    public IReadOnlyList<string> Lines => Count > _first.Count
        ? [.. _first, $"and {Count - _first.Count} more"]
        : _first;

    public void Add(string problem)
    {
        if (_first.Count < max)
        {
            _first.Add(problem);
        }

        Count++;
    }
}
