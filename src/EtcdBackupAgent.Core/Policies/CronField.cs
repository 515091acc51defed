namespace EtcdBackupAgent.Core.Policies;

/// <summary>
/// One of the five fields of a cron schedule, for example <c>0-30/10,45</c>: the terms as written, and the values they
/// stand for.
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
    /// Whether the field says nothing: one of its terms is <c>*</c> or <c>?</c> without a step above 1. A day field
    /// that is restricted joins the other day field by "either", so <c>1-31</c> and <c>*</c> differ there, as they do
    /// for a CronJob.
    /// </summary>
    public bool IsUnrestricted => Terms.Any(term => term is { Form: CronTermForm.Wildcard, Step: 1 });

    /// <summary>
    /// Whether any term is a range or a wildcard. Such minutes and hours mean "every so often" rather than "at this
    /// time", and go on through the hour that a clock change repeats.
    /// </summary>
    public bool IsRecurring => Terms.Any(term => term.Form != CronTermForm.Value);

    /// <summary>Ascending, without duplicates.</summary>
    public IEnumerable<int> Values => Enumerable.Range(0, 64).Where(Contains);

    public bool Contains(int value) => value is >= 0 and < 64 && (_values >> value & 1) == 1;
}

/// <summary>Every <see cref="Step"/>th value from First to Last, inclusive.</summary>
/// <param name="First">The least value.</param>
/// <param name="Last">No value is above it; equal to First for a single value.</param>
/// <param name="Step">At least 1.</param>
/// <param name="Form">How it was written.</param>
public readonly record struct CronTerm(int First, int Last, int Step, CronTermForm Form);

/// <summary>How a term was written, which decides what becomes of it in the hour that a clock change repeats.</summary>
public enum CronTermForm
{
    /// <summary><c>a</c></summary>
    Value,

    /// <summary><c>a-b</c>, <c>a-b/step</c> or <c>a/step</c></summary>
    Range,

    /// <summary><c>*</c>, <c>?</c> or either with a step</summary>
    Wildcard,
}
