using System.Globalization;
using System.Runtime.CompilerServices;

namespace EtcdBackupAgent.Snapshots.Bolt;

/// <summary>
/// Problems as they are found: the first so many as text, of the others the number. What is only counted is never made into text, so
/// that a file that is wrong everywhere costs no more time and memory than a sound one.
/// </summary>
internal sealed class BoltProblems(int keptMax)
{
    private readonly List<string> _kept = [];

    /// <summary>Each begins with its page, such as <c>page 7: it says to be page 9</c>.</summary>
    public IReadOnlyList<string> Kept => _kept;

    public long Count { get; private set; }

    public void Clear()
    {
        _kept.Clear();
        Count = 0;
    }

    /// <param name="page">The page that is wrong.</param>
    /// <param name="what">What is wrong with it, as a clause without a full stop.</param>
    public void Add(ulong page, string what) => Add(page, $"{what}");

    /// <inheritdoc cref="Add(ulong, string)"/>
    public void Add(ulong page, [InterpolatedStringHandlerArgument("")] ref Text what) =>
        AddWhole($"page {page}: {what.Take()}");

    /// <summary>Adds a sentence that names its page itself.</summary>
    public void AddWhole([InterpolatedStringHandlerArgument("")] ref Text problem)
    {
        Count++;
        if (_kept.Count < keptMax)
        {
            _kept.Add(problem.Take());
        }
    }

    /// <summary>Text that is put together only if it will be kept.</summary>
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

        internal string Take() => _text.ToStringAndClear();
    }

    private int KeptMax => keptMax;
}
