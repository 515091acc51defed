namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// One of the five fields of a cron schedule, for example <c>0-30/10,45</c>: its terms, and the values that they match.
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

    /// <summary>The terms in the order of the text; at least one.</summary>
    public IReadOnlyList<CronTerm> Terms { get; }

    /// <summary>
    /// Whether the field does not restrict the schedule: one of its terms is <c>*</c> or <c>?</c> without a step above
    /// 1. If both day fields are restricted, a day matches if either field matches. So <c>1-31</c> and <c>*</c> differ
    /// in a day field, as they do for a CronJob.
    /// </summary>
    public bool IsUnrestricted => Terms.Any(term => term is { Form: CronTermForm.Wildcard, Step: 1 });

    /// <summary>
    /// Whether any term is a range or a wildcard. Such minutes and hours mean "at regular intervals", not "at this
    /// time", and continue to fire in the hour that a clock change repeats.
    /// </summary>
    public bool IsRecurring => Terms.Any(term => term.Form != CronTermForm.Value);

    /// <summary>The matching values in ascending order, without duplicates.</summary>
    public IEnumerable<int> Values => Enumerable.Range(0, 64).Where(Contains);

    public bool Contains(int value) => value is >= 0 and < 64 && (_values >> value & 1) == 1;
}

/// <summary>Every <see cref="Step"/>th value from First to Last, inclusive.</summary>
/// <param name="First">The smallest value.</param>
/// <param name="Last">The upper limit of the values; equal to First for a single value.</param>
/// <param name="Step">The step, at least 1.</param>
/// <param name="Form">The form in the text.</param>
public readonly record struct CronTerm(int First, int Last, int Step, CronTermForm Form);

/// <summary>
/// The form of a term in the text. It decides whether the term fires again in the hour that a clock change repeats.
/// </summary>
public enum CronTermForm
{
    /// <summary><c>a</c></summary>
    Value,

    /// <summary><c>a-b</c>, <c>a-b/step</c> or <c>a/step</c></summary>
    Range,

    /// <summary><c>*</c>, <c>?</c> or either with a step</summary>
    Wildcard,
}
