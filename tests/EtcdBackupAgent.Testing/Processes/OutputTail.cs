namespace EtcdBackupAgent.Testing.Processes;

/// <summary>The last lines that a program wrote to its two output streams; older lines are dropped.</summary>
internal sealed class OutputTail
{
    private const int LinesMax = 200;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new();

    public void Add(string? line)
    {
        // The end of a stream arrives as null.
        if (line is null)
        {
            return;
        }

        lock (_gate)
        {
            if (_lines.Count == LinesMax)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue(line);
        }
    }

    public override string ToString()
    {
        lock (_gate)
        {
            return string.Join('\n', _lines);
        }
    }
}
