using System.Globalization;
using DiffPlex;
using DiffPlex.Chunkers;
using DiffPlex.Model;

namespace EtcdBackupAgent.Objects.Comparing;

/// <summary>A part of a sequence that another part takes the place of; one of both may be empty.</summary>
internal readonly record struct SequenceChange(int OldStart, int OldCount, int NewStart, int NewCount);

/// <summary>Compares two sequences of texts by their longest common subsequence.</summary>
internal static class SequenceDifferences
{
    /// <summary>
    /// Longer sequences are compared item by item after their common beginning and end, because the time grows with the
    /// product of the length and the number of differences.
    /// </summary>
    private const int ItemsMax = 20_000;

    /// <summary>DiffPlex compares texts: each item becomes a number on a line of its own.</summary>
    private static readonly IChunker Lines = new CustomFunctionChunker(text => text.Split('\n'));

    public static IEnumerable<SequenceChange> Between(IReadOnlyList<string> old, IReadOnlyList<string> @new)
    {
        int start = 0;
        while (start < old.Count && start < @new.Count && old[start] == @new[start])
        {
            start++;
        }

        int end = 0;
        while (end < old.Count - start && end < @new.Count - start && old[^(end + 1)] == @new[^(end + 1)])
        {
            end++;
        }

        SequenceChange rest = new(start, old.Count - start - end, start, @new.Count - start - end);
        if (rest.OldCount == 0 || rest.NewCount == 0 || Math.Max(rest.OldCount, rest.NewCount) > ItemsMax)
        {
            return rest is { OldCount: 0, NewCount: 0 } ? [] : [rest];
        }

        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        DiffResult result = Differ.Instance.CreateDiffs(
            Number(old, rest.OldStart, rest.OldCount),
            Number(@new, rest.NewStart, rest.NewCount),
            ignoreWhiteSpace: false,
            ignoreCase: false,
            Lines);
        return result.DiffBlocks.Select(block => new SequenceChange(
            start + block.DeleteStartA, block.DeleteCountA, start + block.InsertStartB, block.InsertCountB));

        string Number(IReadOnlyList<string> items, int from, int count) => string.Join(
            '\n',
            Enumerable.Range(from, count).Select(index =>
            {
                if (!numbers.TryGetValue(items[index], out int number))
                {
                    numbers.Add(items[index], number = numbers.Count);
                }

                return number.ToString(CultureInfo.InvariantCulture);
            }));
    }
}
