namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// One of the five fields of a cron schedule, for example <c>0-30/10,45</c>: the terms as written, and the values they stand for.
/// </summary>
public sealed class CronField
{
    private readonly ulong _values;

    internal CronField(IReadOnlyList<CronTerm> terms)
    {
        Terms = terms;
        foreach (CronTerm term in terms)
        {
            for (int value = term.First; value <= term.Last; value += term.Step)
            {
                _values |= 1UL << value;
            }
        }
    }

    /// <summary>In the order written; at least one.</summary>
    public IReadOnlyList<CronTerm> Terms { get; }

    /// <summary>
    /// Whether the field says nothing: one of its terms is <c>*</c> or <c>?</c> without a step above 1. A day field that is restricted
    /// joins the other day field by "either", so <c>1-31</c> and <c>*</c> differ there, as they do for a CronJob.
    /// </summary>
    public bool IsUnrestricted => Terms.Any(term => term is { IsWildcard: true, Step: 1 });

    /// <summary>Ascending, without duplicates.</summary>
    public IEnumerable<int> Values => Enumerable.Range(0, 64).Where(Contains);

    public bool Contains(int value) => value is >= 0 and < 64 && (_values >> value & 1) == 1;
}

/// <summary>A single value, a range or a wildcard, with its step: every <see cref="Step"/>th value from First to Last, inclusive.</summary>
/// <param name="First">The least value.</param>
/// <param name="Last">No value is above it; equal to First for a single value.</param>
/// <param name="Step">At least 1.</param>
/// <param name="IsWildcard">Whether it was written with <c>*</c> or <c>?</c>.</param>
public readonly record struct CronTerm(int First, int Last, int Step, bool IsWildcard);
