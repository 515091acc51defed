using System.Globalization;
using System.Runtime.CompilerServices;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Collects problems: the first ones as text, the others only as a number. A problem that is only counted is never
/// formatted, so a file that is damaged everywhere costs no more time and memory than a valid one.
/// </summary>
internal sealed class BoltProblems(int keptMax)
{
    private readonly List<string> _kept = [];

    /// <summary>
    /// The problems as text. Each begins with its page, such as <c>page 7: its header has page number 9</c>.
    /// </summary>
    public IReadOnlyList<string> Kept => _kept;

    public long Count { get; private set; }

    public void Clear()
    {
        _kept.Clear();
        Count = 0;
    }

    /// <summary>Adds a problem of a page.</summary>
    /// <param name="page">The damaged page.</param>
    /// <param name="what">The problem, as a clause without a full stop.</param>
    public void Add(ulong page, string what) => Add(page, $"{what}");

    /// <inheritdoc cref="Add(ulong, string)"/>
    public void Add(ulong page, [InterpolatedStringHandlerArgument("")] ref Text what) =>
        AddWhole($"page {page}: {what.Format()}");

    /// <summary>Adds a problem whose text already contains its page.</summary>
    public void AddWhole([InterpolatedStringHandlerArgument("")] ref Text problem)
    {
        Count++;
        if (_kept.Count < keptMax)
        {
            _kept.Add(problem.Format());
        }
    }

    /// <summary>A text that is formatted only if it is kept.</summary>
    [InterpolatedStringHandler]
    public ref struct Text
    {
        private DefaultInterpolatedStringHandler _text;

        public Text(int literalLength, int formattedCount, BoltProblems problems, out bool isKept)
        {
            isKept = problems._kept.Count < problems.KeptMax;
            _text = isKept ? new(literalLength, formattedCount, CultureInfo.InvariantCulture) : default;
        }

        public void AppendLiteral(string value) => _text.AppendLiteral(value);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public void AppendFormatted<T>(T value, string format) => _text.AppendFormatted(value, format);

        internal string Format() => _text.ToStringAndClear();
    }

    private int KeptMax => keptMax;
}
